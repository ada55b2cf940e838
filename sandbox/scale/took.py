"""What a command of the engine takes: its time, and the memory of the engine and of the program meanwhile."""

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from sandbox.engine import EngineError
from sandbox.paths import REPO

_PROGRAM = "pulumi-language-python-exec"
"""In the command line of the process that runs the program."""
_EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Took:
    """One run of a command."""

    output: str
    seconds: float
    engine: int
    """Bytes that the command itself had resident at most, as far as it was looked at: four times a second."""
    program: int
    """The same of our program, which the engine starts; 0: it did not, or it was over too soon."""


def run(command: Sequence[str], environment: Mapping[str, str]) -> Took:
    """Run a command of the engine.

    Raises:
        EngineError: it failed; the message has the end of what it said.
    """
    begun, most, stop = time.perf_counter(), {"engine": 0, "program": 0}, threading.Event()
    with subprocess.Popen(
        command, cwd=REPO, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        watcher = threading.Thread(target=_watch, args=(process.pid, most, stop), daemon=True)
        watcher.start()
        try:
            output, errors = process.communicate()
        finally:
            stop.set()
            watcher.join()
    seconds = time.perf_counter() - begun
    if process.returncode != 0:
        raise EngineError(f"{' '.join(command[:2])} … failed:\n{output[-2000:]}{errors[-2000:]}")
    return Took(output, seconds, most["engine"], most["program"])


def _watch(pid: int, most: dict[str, int], stop: threading.Event) -> None:
    with suppress(psutil.NoSuchProcess):
        engine = psutil.Process(pid)
        program: psutil.Process | None = None
        while not stop.wait(_EVERY_SECONDS):
            most["engine"] = max(most["engine"], engine.memory_info().rss)
            program = program or _program(engine)
            if program is not None:
                with suppress(psutil.NoSuchProcess):
                    most["program"] = max(most["program"], program.memory_info().rss)


def _program(engine: psutil.Process) -> psutil.Process | None:
    for each in engine.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any(word.endswith(_PROGRAM) for word in each.cmdline()):
                return each
    return None
