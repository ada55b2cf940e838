"""Every command that the documentation names exists, with the options that it is given there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from sandbox.cli import app as sandbox_app
from telemetry.cli.app import app as commands_app
from tests.support import REPO

PAGES = sorted([*(REPO / "docs").rglob("*.md"), REPO / "README.md", REPO / "CONTRIBUTING.md"])
FENCE = re.compile(r"```(?:sh|bash)\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
TARGETS = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
PROGRAMS: dict[str, Any] = {
    name: typer.main.get_command(app) for name, app in (("telemetry", commands_app), ("sandbox", sandbox_app))
}
MODULES = re.compile(r"python -m (docs\.\w+|sandbox\.\w+)")
MAKE_VARIABLES = {"STACK", "ON", "NODES", "ARGS", "BUNDLE", "HELM", "PYTHON", "PULL_REQUEST", "CHARTS", "STACK_FILES"}
PULUMIS = {"up", "preview", "refresh", "destroy", "deploy"}
"""Targets whose ARGS are the engine's."""


class Call(NamedTuple):
    """A command as a page has it."""

    page: str
    text: str


def calls() -> Iterator[Call]:
    """Yield what stands in code, a command each; a line that goes on is one with the next."""
    for page in PAGES:
        text = page.read_text()
        name = str(page.relative_to(REPO))
        for block in FENCE.findall(text):
            joined = re.sub(r"\\\n\s*|(?<==')([^'\n]*)\n\s*", r"\1 ", block)
            for line in joined.splitlines():
                yield from (Call(name, part.strip()) for part in re.split(r"&&|;|\|\|?|\$\(", line))
        prose = FENCE.sub("", text)
        yield from (Call(name, " ".join(found.split())) for found in INLINE.findall(prose))


def words(text: str) -> list[str]:
    """Return a command's words, without what is said behind it."""
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


CALLS = list(dict.fromkeys(calls()))
MAKES = [call for call in CALLS if re.match(r"make [a-z]", call.text)]
RUNS = [call for call in CALLS if re.match(r"(?:\S*/)?python -m (telemetry|sandbox)\b(?!\.)", call.text)]
CONFIGS = [call for call in CALLS if re.match(r"pulumi config (set|get|rm)\b", call.text)]
each_make = pytest.mark.parametrize("call", MAKES, ids=lambda call: f"{Path(call.page).stem}: {call.text[:60]}")
each_run = pytest.mark.parametrize("call", RUNS, ids=lambda call: f"{Path(call.page).stem}: {call.text[:60]}")


def test_there_is_something_to_check() -> None:
    assert len(MAKES) > 60
    assert len(RUNS) > 15
    assert {call.page for call in MAKES} >= {"README.md", "docs/recovery.md"}


def wrong_with_make(text: str) -> list[str]:
    """Return what is wrong with a call of make."""
    _, *rest = words(text)
    pairs = dict(each.split("=", 1) for each in rest if "=" in each and not each.startswith("-"))
    targets = [each for each in rest if re.fullmatch(r"[a-z-]+", each) and not each.startswith("-")]
    found = [f"no target {each}" for each in targets if each not in TARGETS]
    charts = {name for name in pairs if name.endswith("_CHART")}
    found += [f"no variable {name}" for name in pairs.keys() - MAKE_VARIABLES - charts]
    if "ARGS" in pairs and targets and targets[0] not in PULUMIS:
        owner = "sandbox" if targets[0] in ("faults", "bench", "load", "soak") else "telemetry"
        found += unknown_options(owner, targets[0], words(pairs["ARGS"]))
    return found


def wrong_with_run(text: str) -> list[str]:
    """Return what is wrong with a call of one of our programs."""
    all_words = words(text)
    program, *rest = all_words[all_words.index("-m") + 1 :]
    if not rest or rest[0].startswith("-") or rest[0] == "…":
        return []
    if rest[0] not in PROGRAMS[program].commands:
        return [f"{program} has no {rest[0]}"]
    return unknown_options(program, rest[0], rest[1:])


def unknown_options(program: str, command: str, given: list[str]) -> list[str]:
    """Return the options among some words that a command does not have; what is behind `--` is not its own."""
    known = {name for each in PROGRAMS[program].commands[command].params for name in (*each.opts, *each.secondary_opts)}
    own = given[: given.index("--")] if "--" in given else given
    options = [each.strip("[]").split("=")[0] for each in own if each.lstrip("[").startswith("--")]
    return [f"{command} has no {each}" for each in options if each not in known | {"--help"}]


@each_make
def test_a_target_that_is_named_exists(call: Call) -> None:
    assert wrong_with_make(call.text) == []


@each_run
def test_a_command_that_is_named_exists_with_its_options(call: Call) -> None:
    assert wrong_with_run(call.text) == []


def test_pulumi_is_told_which_stack_it_configures() -> None:
    """It would change the file of whichever one is selected."""
    assert CONFIGS
    assert [call for call in CONFIGS if not {"-s", "--stack"} & set(words(call.text))] == []


def test_modules_that_are_named_exist() -> None:
    named = {module for page in PAGES for module in MODULES.findall(page.read_text())}
    assert named
    assert [each for each in named if not (REPO / f"{each.replace('.', '/')}.py").exists()] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("make uup STACK=dev", "no target uup"),
        ("make up STAK=dev", "no variable STAK"),
        ("make validate ARGS='--tenat a'", "validate has no --tenat"),
        ("python -m telemetry drfit dev", "telemetry has no drfit"),
        ("python -m telemetry drift dev --markup x", "drift has no --markup"),
    ],
)
def test_mistakes_are_found(text: str, said: str) -> None:
    assert (wrong_with_make if text.startswith("make") else wrong_with_run)(text) == [said]
