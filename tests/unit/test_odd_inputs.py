"""What is odd, but may well be given to a command, ends in a message: no traceback, and nothing passed over."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from telemetry.cli.app import app

ANSWERS = {"nothing": "", "a list": "[]", "a number": "5", "no JSON": "warning: hello"}
COMMANDS = ("policies", "report", "drift", "repair", "adopt", "smoke", "validate", "checklist", "bundle-lock")


def run(*arguments: str | Path, **variables: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", **variables}).invoke(app, [*map(str, arguments)])


def ends_in_a_message(done: Result) -> str:
    """Return what a command says that could do nothing."""
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (1, 2)
    return done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\xff", "no text in UTF-8"),
        (b"config:\n  telemetry:environment: &a [*a]\n", "found unconstructable recursive node"),
        (b"[" * 5000, "nested too deeply"),
        (b"config: [a]", "has no config"),
    ],
)
def test_a_stack_file_that_is_none(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(content)
    assert said in ends_in_a_message(run("capacity", "dev", "--config-file", file))


@pytest.mark.parametrize("stack", ["", "acme/telemetry/dev", "../dev", "a b"])
def test_a_stack_is_named_without_what_pulumi_puts_in_front(stack: str) -> None:
    assert "is no stack's name; write it without organisation" in ends_in_a_message(run("capacity", stack))


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_tool_that_answers_with_something_else(tmp_path: Path, command: str, answer: str) -> None:
    for tool in ("pulumi", "helm"):
        file = tmp_path / tool
        file.write_text(f"#!/bin/sh\necho '{answer}'\n")
        file.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ends_in_a_message(run(command, "dev", PATH=path, KUBECONFIG=str(tmp_path / "none")))


def test_copies_of_the_state_are_in_no_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "is no directory" in ends_in_a_message(run("restore-state", "dev", "--at", file))
