"""The settings of a new stack while they come about, judged by the program's own models."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from telemetry.config.credentials import Credentials
from telemetry.config.project import PROJECT
from telemetry.operations.init.question import Question, Tree
from telemetry.operations.init.questions import ALWAYS, QUESTIONS, put_signals
from telemetry.stack import ConfigError, Stack, load
from telemetry.stack.existing_credentials import named_in
from telemetry.stack.file import as_given
from telemetry.stack.loading import CREDENTIALS
from telemetry.stack.loading import PROJECT as PREFIX

_SCHEMA = PROJECT / "docs" / "stack.schema.json"
_WIDTH = 120


@dataclass
class Draft:
    """The answers so far."""

    environment: str
    answers: dict[str, Any] = field(default_factory=dict)
    """By the question's key."""

    def settings(self, *, examples: bool) -> Tree:
        """Return the settings that the answers make, secrets included.

        Args:
            examples: whether what must be answered, and was not yet, is there as the question's example.
        """
        settings: Tree = {"environment": self.environment}
        put_signals(settings, "signals", ALWAYS)
        for question in QUESTIONS:
            answer = self.answers.get(question.key, question.example if examples else None)
            if answer is not None:
                question.write(settings, answer)
        if examples:
            self._drop_examples(settings)
        return settings

    def _drop_examples(self, settings: Tree) -> None:
        """Leave out the examples of what is in Secrets that exist already."""
        for name in named_in(settings):
            if not any(key.startswith(f"{CREDENTIALS}.{name}.") for key in self.answers):
                settings[CREDENTIALS].pop(name, None)

    def load(self) -> tuple[Stack, Credentials]:
        """Return the settings and secrets as the program takes them, with examples for what is not answered.

        Raises:
            ConfigError: it does not take them.
        """
        return load(as_given(_prefixed(self.settings(examples=True))), [f"{PREFIX}:{CREDENTIALS}"], self.environment)

    def findings(self) -> tuple[str, ...]:
        """Return what the program would say of the settings."""
        try:
            self.load()
        except ConfigError as error:
            return error.findings
        return ()

    def secrets(self) -> dict[str, str]:
        """Return the secrets by their key."""
        return {each.key: self.answers[each.key] for each in QUESTIONS if each.secret and each.key in self.answers}

    def text(self, file: Path, engines: Tree) -> str:
        """Return what is to stand in the stack's file; no secret is in it.

        Args:
            file: where it will be, for the way from there to the schema.
            engines: the engine's own keys, which the file has already.
        """
        settings = self.settings(examples=False)
        settings.pop(CREDENTIALS, None)
        content = {**engines, "config": {"pulumi:disable-default-providers": ["*"], **_prefixed(settings)}}
        schema = os.path.relpath(_SCHEMA, file.absolute().parent)
        return (
            f"# yaml-language-server: $schema={schema}\n"
            f"# Begun with: make init STACK={self.environment}. All keys are in docs/settings.md. The sizes are the "
            f"smallest (make capacity STACK={self.environment}).\n"
            f"{yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=_WIDTH)}"
        )


def is_about(finding: str, questions: Iterable[Question]) -> bool:
    """Whether a finding is about what one of some questions asks, a part of it, or what it is a part of."""
    about = f"{finding.removeprefix(f'{PREFIX}:').partition(': ')[0]}."
    return any(about.startswith(f"{each.key}.") or f"{each.key}.".startswith(about) for each in questions)


def _prefixed(settings: Tree) -> Tree:
    """Return settings as the file has them, in the order of the reference."""
    order = [*Stack.model_fields]
    ordered = sorted(settings.items(), key=lambda each: order.index(each[0]) if each[0] in order else len(order))
    return {f"{PREFIX}:{key}": value for key, value in ordered}
