"""Finds out whether processes run, and ends them."""

import contextlib
import time
from collections.abc import Collection

import psutil

_KILL_SECONDS = 5.0
_POLL_SECONDS = 0.02


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still runs; one that has ended but that nobody has reaped yet does not."""
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end(processes: Collection[psutil.Process], grace: float = 5.0) -> None:
    """End processes: SIGTERM, and SIGKILL for what is still there after `grace` seconds."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    stubborn = _survivors(processes, grace)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _survivors(stubborn, _KILL_SECONDS)


def _survivors(processes: Collection[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return what still runs when all have ended or the time is over.

    psutil.wait_procs would also wait for processes that have ended but that nobody has reaped yet: in a
    container, the orphans of an earlier start can stay so for as long as it lives.
    """
    until = time.monotonic() + seconds
    while (alive := [process for process in processes if is_alive(process)]) and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    return alive
