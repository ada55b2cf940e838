"""Runs another command in the foreground: it gets the terminal and the signals, and its exit code is passed on."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from telemetry.clients.cli_tools import ToolError


def started(
    command: Sequence[str], *, folder: Path | None = None, output: int | None = None
) -> subprocess.Popen[bytes]:
    """Start a command.

    Args:
        command: the program and its arguments.
        folder: where it runs; None is here.
        output: where both its outputs go, as subprocess has it; None is to ours.

    Raises:
        ToolError: it cannot be run.
    """
    try:
        return subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    except FileNotFoundError as error:
        raise ToolError(f"there is no program {command[0]!r} on PATH") from error
    except OSError as error:
        raise ToolError(f"{command[0]}: cannot be run ({error.strerror})") from error


def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait until a command has ended, and return its exit code, as shells do for signals.

    A SIGTERM is passed on, for a runner sends it to us alone; of an interrupt the terminal has told the command as
    well, which ends in its own time.
    """
    with _terminating(process):
        while True:
            try:
                status = process.wait()
                return status if status >= 0 else 128 - status
            except KeyboardInterrupt:
                continue


@contextmanager
def _terminating(process: subprocess.Popen[bytes]) -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
