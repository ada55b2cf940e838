"""Runs another command in the foreground: it gets the terminal and the signals, and its exit code is passed on."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


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
