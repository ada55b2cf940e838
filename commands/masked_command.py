"""`masked`: any command's output without the stack's secrets, such as the engine's log at -v=9."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Annotated

import typer

from commands import credentials_of_stack, foreground, stack_file
from commands.arguments import ConfigFile, StackName
from commands.told import told
from commands.tools import ToolError
from redaction import Lines
from redaction.known import secrets_of
from settings import ConfigError


def masked(
    stack: StackName,
    command: Annotated[list[str], typer.Argument(help="What to run, after --")],
    config_file: ConfigFile = None,
) -> None:
    """Run a command and show what it says with every secret of the stack masked; ends with its exit code.

    At -v=9 the engine logs what it sends to its plugins before it has looked for secrets in it. Masked is what the
    stack has and derives, and what looks like a secret: private keys, credentials in headers, addresses and JSON.
    For logs that are handed on: masked prod -- pulumi preview -s prod -v=9 --logtostderr.
    """
    with told(ConfigError, ToolError, OSError):
        settings = stack_file.load(stack, config_file)
        status = run(command, secrets_of(settings, credentials_of_stack.load(stack, config_file)))
    raise typer.Exit(status)


def run(command: Sequence[str], known: frozenset[str]) -> int:
    """Run a command, pass on its two outputs line by line, and return its exit code, as shells do for signals.

    Raises:
        ToolError: there is no such program.
    """
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError as error:
        raise ToolError(f"there is no program {command[0]!r} on PATH") from error
    assert process.stdout is not None  # noqa: S101 - both are pipes
    assert process.stderr is not None  # noqa: S101
    outputs = ((process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer))
    passing = [threading.Thread(target=_pass_on, args=(*each, Lines(known))) for each in outputs]
    for each in passing:
        each.start()
    status = foreground.ended(process)
    for each in passing:
        each.join()
    return status


def _pass_on(source: IO[bytes], target: IO[bytes], lines: Lines) -> None:
    for line in source:
        target.write(lines.shown(line))
        target.flush()
