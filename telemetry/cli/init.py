"""`init`: asks what a new stack needs to be told, writes its file, sets its secrets and previews it."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telemetry.cli import foreground
from telemetry.cli.confirmation import at_terminal
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import StackName
from telemetry.clients.cli_tools import Pulumi, ToolError
from telemetry.config.base import did_you_mean
from telemetry.config.project import PROJECT
from telemetry.operations.init.draft import Draft
from telemetry.operations.init.interview import Interview
from telemetry.operations.init.question import Question
from telemetry.operations.init.questions import QUESTIONS
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file

_MISSING = 2
_SHOWN = 8
"""How many things that were found a question lists."""


def init(
    stack: StackName,
    answers: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An answer, by its question's key; repeatable."),
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing, as where there is no terminal.")] = False,
    make_keys: Annotated[
        bool, typer.Option("--make-keys", help="Without questions: make the S3 and gateway keys that are not given.")
    ] = False,
    untried: Annotated[bool, typer.Option("--untried", help="Ask nothing of the cluster, S3 and Grafana.")] = False,
    secrets_provider: Annotated[
        str, typer.Option(help="What encrypts the secrets of a stack that is new (pulumi stack init).")
    ] = "default",
) -> None:
    """Ask what a new stack has to be told, try it, write Pulumi.<stack>.yaml, set its secrets, and preview it.

    A file that has settings already is left alone. Without questions, answers come from --set, and secrets from
    variables such as TELEMETRY_DEV_GRAFANA_AUTH. Ends with 0 if the stack can be deployed, with 1 if an answer was
    refused or something failed, with 2 if answers are missing, which it lists.
    """
    with error_boundary(ConfigError, ToolError, OSError) as console:
        file = PROJECT / f"Pulumi.{stack}.yaml"
        draft = Draft(stack)
        _check(file, draft)
        given = {**_given(answers or ()), **_secrets_given(stack)}
        pulumi = Pulumi(stack)
        pulumi.run("stack select", "--create", f"--secrets-provider={secrets_provider}")
        user = None if no_input or not at_terminal() else _Terminal(console)
        interview = Interview(draft, given, user, tries=not untried, makes=make_keys)
        interview.run()
        if interview.missing:
            _say(console, [*interview.refused, *_missing(stack, interview.missing)])
            raise typer.Exit(_MISSING)
        if interview.refused:
            raise ConfigError(interview.refused)
        engines = stack_file.content(file) if file.exists() else {}
        file.write_text(draft.text(file, engines), encoding="utf-8")
        for key, secret in draft.secrets().items():
            pulumi.run("config set", "--secret", "--path", f"telemetry:{key}", stdin=secret)
        _say(console, [f"wrote {file.name}, with its secrets encrypted"])
        status = foreground.ended(foreground.started(["pulumi", "preview", "-s", stack], folder=PROJECT))
        _say(console, _next(stack, interview.made, previewed=not status))
    if status:
        raise typer.Exit(1)


class _Terminal:
    """Whoever sits in front of the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def answer(self, question: Question, found: Sequence[str]) -> str:
        """Ask, and show what was found; a secret is not shown while it is typed."""
        shown = [f"  found: {_listed(found)}"] if found else []
        _say(self._console, ["", question.text, *shown, *(["  none: one is made"] if question.make else [])])
        optional = question.example is None or question.make is not None
        default = found[0] if found else ""
        while True:
            typed = typer.prompt(
                f"  {question.key}", default=default, show_default=bool(default), hide_input=question.secret
            )
            text = str(typed).strip()
            if text or optional:
                return text
            _say(self._console, ["  An answer is needed; Ctrl+C ends, and no setting is written."])

    def refuse(self, findings: Sequence[str]) -> None:
        """Say why an answer is not taken."""
        _say(self._console, findings)

    def insists(self) -> bool:
        """Ask whether an answer shall stand all the same."""
        return typer.confirm("  Keep it all the same?", default=False)


def _check(file: Path, draft: Draft) -> None:
    """Refuse a stack whose file is there, or that there cannot be."""
    if file.exists() and "config" in stack_file.content(file):
        raise ConfigError(
            [f"{file.name}: is there already, and is left alone; change it by hand, or move it away and begin again"]
        )
    if findings := draft.findings():
        raise ConfigError(findings)


def _given(answers: Iterable[str]) -> dict[str, str]:
    known = {each.key: each for each in QUESTIONS}
    given = dict(each.partition("=")[::2] for each in answers)
    for key in given:
        if key not in known:
            plain = [each.key for each in QUESTIONS if not each.secret]
            raise ConfigError(
                [f"--set {key}: is no question{did_you_mean(key, plain)}; known here: {', '.join(plain)}"]
            )
        if known[key].secret:
            raise ConfigError([f"--set {key}: is a secret, and would stand in the list of processes; see --help"])
    return given


def _secrets_given(stack: str) -> dict[str, str]:
    variables = {each.key: _variable(stack, each.key) for each in QUESTIONS if each.secret}
    return {key: os.environ[variable] for key, variable in variables.items() if os.environ.get(variable)}


def _variable(stack: str, key: str) -> str:
    """Return the variable that a secret is taken from; S3 keys are in those that `identities` names."""
    return f"telemetry_{stack}_{key.removeprefix('credentials.')}".replace(".", "_").upper()


def _missing(stack: str, missing: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for question in (each for each in QUESTIONS if each.key in missing):
        how = f"in {_variable(stack, question.key)}" if question.secret else f"with --set {question.key}=…"
        made = ", or say --make-keys" if question.make else ""
        found = f" (found: {_listed(missing[question.key])})" if missing[question.key] else ""
        yield f"telemetry:{question.key}: is not set; give it {how}{made}{found}"


def _listed(found: Sequence[str]) -> str:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{', '.join(found[:_SHOWN])}{more}"


def _next(stack: str, made: Collection[str], *, previewed: bool) -> Iterator[str]:
    if any(key.endswith(".access_key") for key in made):
        yield (
            "S3 keys were made, and SeaweedFS has yet to know them: "
            f"python -m telemetry identities {stack} --with-secrets --output s3.json (docs/object-store.md)"
        )
    if not previewed:
        yield f"The preview failed, for the reason above. The answers stay: mend what is wrong in Pulumi.{stack}.yaml."
    yield f"Next: make {'up' if previewed else 'preview'} STACK={stack} ON=cluster"


def _say(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)
