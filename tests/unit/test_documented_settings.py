"""Settings that the documents show are those that the program takes, on a stack file that the project has.

A block of YAML in a document has keys that begin with `telemetry:`, or says in a comment on its first line what it is:
`# telemetry:<key>` is a part of that key, and any other comment tells that it is no settings.
"""

import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from telemetry.backends import BACKENDS
from telemetry.config import yaml_file
from telemetry.stack import ConfigError, load_settings
from telemetry.stack.file import as_given, config
from tests.support import REPO
from tests.unit.test_stack_schema import STACK_FILES, wrong_with

PAGES = [REPO / "README.md", REPO / "CONTRIBUTING.md", *REPO.glob("docs/*.md"), *REPO.glob("examples/**/*.md")]
BLOCK = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
PART = re.compile(r"# telemetry:(\w+)\b")
Config = dict[str, Any]


class Example(NamedTuple):
    """A block of YAML in a document."""

    place: str
    text: str

    def settings(self) -> Config | None:
        """Return what it has below `config`; None if it says that it is no settings."""
        content = yaml_file.read(self.text)
        if isinstance(content, dict) and all(str(key).startswith("telemetry:") for key in content):
            return dict(content)
        first = self.text.partition("\n")[0]
        assert first.startswith("# "), f"{self.place} does not say what it is"
        part = PART.match(first)
        return {f"telemetry:{part[1]}": content} if part else None


def examples() -> Iterator[Example]:
    for page in sorted(PAGES):
        text = page.read_text()
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            yield Example(f"{page.relative_to(REPO)}:{line}", textwrap.dedent(block[2]))


@cache
def stacks() -> list[Config]:
    """Return what stack files have below `config`, and the same with all signals, as new stacks have them."""
    files = [config(_name(file), file) for file in STACK_FILES]
    return files + [{**_all_signals(_environment(each)), **each} for each in files]


def _name(file: Path) -> str:
    return file.suffixes[0].removeprefix(".")


def _environment(stack: Config) -> Any:
    return stack["telemetry:environment"]


def _all_signals(environment: Any) -> Config:
    return {f"telemetry:{backend.signal}": backend.starter(environment) for backend in reversed(BACKENDS)}


def laid_over(stack: Any, example: Any) -> Any:
    """Return an example in its place of a stack's file: what is beside it there stays."""
    if not (isinstance(stack, dict) and isinstance(example, dict)):
        return example
    return {**stack, **{key: laid_over(stack.get(key), each) for key, each in example.items()}}


def said_of(stack: Config) -> str:
    """Return what the program and an editor say of a stack; nothing if both take it."""
    try:
        load_settings(as_given(stack), str(_environment(stack)))
    except ConfigError as error:
        return str(error)
    return str(wrong_with({"config": stack}) or "")


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.place)
def test_settings_that_a_document_shows_can_be_used(example: Example) -> None:
    settings = example.settings()
    if settings is None:
        return
    refused: dict[str, None] = {}
    for stack in stacks():
        for whole in (laid_over(stack, settings), {**stack, **settings}):
            said = said_of(whole)
            if not said:
                return
            refused[said] = None
    pytest.fail(f"{example.place} cannot be used in any stack:\n" + "\n".join(refused))
