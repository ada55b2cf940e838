"""`masked`: any command's output without the stack's secrets, such as the engine's log at -v=9."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Annotated

import typer

from telemetry.cli import foreground
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients.cli_tools import ToolError
from telemetry.clients.kubernetes import ClusterError
from telemetry.known_secrets import secrets_of
from telemetry.redaction import Lines
from telemetry.stack import ConfigError
from telemetry.stack import decrypted as credentials_of_stack
from telemetry.stack import file as stack_file


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
    with error_boundary(ClusterError, ConfigError, ToolError, OSError):
        settings = stack_file.load(stack, config_file)
        known = secrets_of(settings, credentials_of_stack.load(settings, config_file))
        status = run(command, known | {*credentials_of_stack.tokens(settings).values()})
    raise typer.Exit(status)


def run(command: Sequence[str], secrets: frozenset[str]) -> int:
    """Run a command, pass on its two outputs line by line, and return its exit code, as shells do for signals.

    Raises:
        ToolError: it cannot be run.
    """
    process = foreground.started(command, output=subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101 - both are pipes
    assert process.stderr is not None  # noqa: S101
    outputs = ((process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer))
    passing = [threading.Thread(target=_pass_on, args=(*each, Lines(secrets))) for each in outputs]
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
