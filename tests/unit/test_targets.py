"""A command that a message names acts on the stack, and in the place, that the message is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from sandbox.engine import Engine
from sandbox.toolchain import Toolchain
from telemetry.config import targets
from tests.support import REPO
from tests.unit.test_makefile import ON_STACKS, make

SELECTED = re.compile(r"\bpulumi config (set|rm)\b(?! -s)")
"""Changes the file of the stack that happens to be selected."""
NAMED = re.compile(rf"\bmake ({'|'.join(ON_STACKS)})\b(?! STACK=STACK)")
"""A target that acts on a stack. The checklist's own words stand for a stack until they are shown."""
DOCUMENTATION = {"description"}
"""Arguments whose text is for a page, which knows no stack."""


def messages(file: Path) -> Iterator[str]:
    """Yield every text of a module that a user may be shown."""
    tree = ast.parse(file.read_text())
    pages = [each.value for each in ast.walk(tree) if isinstance(each, ast.keyword) and each.arg in DOCUMENTATION]
    docstrings = [each.value for each in ast.walk(tree) if isinstance(each, ast.Expr)]
    left_out = {id(part) for each in (*pages, *docstrings) for part in ast.walk(each)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in left_out:
            yield each.value


@pytest.mark.parametrize("folder", ["components", "telemetry"])
def test_no_message_names_a_command_without_saying_on_which_stack_and_where(folder: str) -> None:
    files = (file for file in (REPO / folder).rglob("*.py") if file.name != "init.py")  # it is only for a cluster
    bare = {
        f"{file.relative_to(REPO)}: {text}"
        for file in files
        for text in messages(file)
        if NAMED.search(text) or SELECTED.search(text)
    }
    assert not bare


@pytest.mark.parametrize("target", ["up", "repair"])
def test_on_a_cluster_the_named_command_acts_on_it_and_not_on_the_sandbox(target: str) -> None:
    command = targets.make(target, "prod")
    assert command == f"make {target} STACK=prod ON=cluster"
    assert "sandbox" not in make("-n", *command.split()[1:]).stdout


def test_what_the_sandbox_runs_names_commands_for_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(tmp_path, cast(Toolchain, SimpleNamespace(bin_dirs=())))  # no tool is asked for
    monkeypatch.setenv(targets.WHERE, engine.environment[targets.WHERE])
    assert targets.make("repair", "prod") == "make repair STACK=prod"
