"""One detached process per service: started, found again after a crash of the starter, and ended.

Two things tell that a process is ours. Its pid file holds the pid and the time of creation, so that a
reused pid is never taken for it. And its environment carries a mark, so that a process is found whose
pid file could not be written because the starter was killed in between.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox.world.files import private_dir, write_private
from telemetry.clients import processes
from telemetry.clients.processes import is_alive

MARK = "TELEMETRY_SANDBOX_SERVICE"
LOG_BYTES = 16 << 20
"""A longer log is set aside at the next start of its service."""
FEW_COLLECTIONS = {"GOGC": "200"}
"""Go collects garbage whenever the heap has doubled, a fifth of the CPU of API server and engine; here when it has
tripled. More would save little, and cost large stacks their memory."""
_children: list[subprocess.Popen[bytes]] = []  # kept, so that a finished child can be reaped


@dataclass(frozen=True)
class Launch:
    """How a service is run. ``files`` are its configuration: when one changes, so does the fingerprint."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    files: Sequence[Path] = ()

    def fingerprint(self) -> str:
        """Identify this way of running: a running service with another one has to be restarted."""
        digest = hashlib.sha256(json.dumps([list(self.argv), sorted(self.env.items())]).encode())
        for file in self.files:
            digest.update(file.read_bytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Running:
    """A live process of ours; ``fingerprint`` is empty for one that was found by its mark alone."""

    process: psutil.Process
    fingerprint: str


class ProcessTable:
    """The processes of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._mark = f"{state_dir}:"
        self._run = state_dir / "run"

    def start(self, name: str, launch: Launch, log: Path) -> Running:
        """Start a process in a session of its own, its output appended to the log."""
        private_dir(log.parent)
        private_dir(launch.cwd)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        environment = {**_base_environment(launch.cwd), **launch.env, MARK: self._mark + name}
        with log.open("ab") as output:
            child = subprocess.Popen(
                launch.argv,
                cwd=launch.cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _children.append(child)
        process = psutil.Process(child.pid)
        record = {"pid": child.pid, "created": process.create_time(), "fingerprint": launch.fingerprint()}
        write_private(self._pid_file(name), json.dumps(record))
        return Running(process, launch.fingerprint())

    def find(self, name: str) -> Running | None:
        """Return the live process that the pid file names, if it is still the same one."""
        try:
            record = json.loads(self._pid_file(name).read_text())
            process = psutil.Process(int(record["pid"]))
            same = abs(process.create_time() - float(record["created"])) < 1.0
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            return None
        return Running(process, str(record["fingerprint"])) if same and is_alive(process) else None

    def strays(self, known: Iterable[Running]) -> list[psutil.Process]:
        """Return processes that carry this world's mark and that no pid file knows."""
        pids = {running.process.pid for running in known}
        return [process for process in psutil.process_iter() if process.pid not in pids and self._marked(process)]

    def forget(self, name: str) -> None:
        """Remove a pid file; call it after the process has ended."""
        self._pid_file(name).unlink(missing_ok=True)

    def _pid_file(self, name: str) -> Path:
        return self._run / f"{name}.pid"

    def _marked(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get(MARK, "").startswith(self._mark)) and is_alive(process)
        except psutil.Error:
            return False  # another user's, or gone


def end(running: Sequence[psutil.Process]) -> None:
    """End processes, by force what does not end by itself, and reap those that we have started."""
    processes.end(running)
    _children[:] = [child for child in _children if child.poll() is None]


def _base_environment(home: Path) -> dict[str, str]:
    """Only what a service needs: no variable and no dotfile of the user may steer the world or leak into it."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
    return {**kept, **FEW_COLLECTIONS, "HOME": str(home)}
