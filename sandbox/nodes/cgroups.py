"""The control groups of a world's nodes, on version 1 and 2: made, entered, and removed with all that is in them."""

import hashlib
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
SERVICES = "services"
"""The group of the nodes' own programs; version 2 has no processes beside groups."""
_V2_CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids")
_CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")
_END_SECONDS = 10.0


class Cgroups:
    """The groups below one directory that is named after a world's state directory."""

    def __init__(self, state: Path, root: Path = ROOT) -> None:
        self._root = root
        self.name = f"telemetry-sandbox-{hashlib.sha256(str(state).encode()).hexdigest()[:12]}"

    def path(self, group: str) -> str:
        """Return a group as kubelet names it: from the root of every hierarchy."""
        return f"/{self.name}/{group}"

    def make(self, groups: list[str]) -> None:
        """Make groups in every hierarchy; there are those already that a start before has made."""
        for hierarchy in self._hierarchies():
            top = hierarchy / self.name
            for directory in (top, *(top / group for group in groups)):
                if self._is_v2:
                    _enable(directory.parent)
                directory.mkdir(exist_ok=True)
                if not self._is_v2:
                    _inherit(directory)
            if self._is_v2:
                for group in groups:
                    if group != SERVICES:
                        _enable(top / group)

    def enter(self, group: str) -> None:
        """Put this process, and whatever it starts, into a group."""
        for hierarchy in self._hierarchies():
            (hierarchy / self.name / group / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self) -> None:
        """Kill every process in the groups, and remove them. There are none: nothing happens."""
        tops = [top for hierarchy in self._hierarchies() if (top := hierarchy / self.name).is_dir()]
        deadline = time.monotonic() + _END_SECONDS
        while tops and time.monotonic() < deadline:
            for top in tops:
                _kill(top)
            tops = [top for top in tops if not _removed(top)]
            if tops:
                time.sleep(0.05)

    def left(self) -> list[Path]:
        """Return the directories that there are."""
        return [top for hierarchy in self._hierarchies() if (top := hierarchy / self.name).is_dir()]

    @property
    def _is_v2(self) -> bool:
        return (self._root / "cgroup.controllers").exists()

    def _hierarchies(self) -> list[Path]:
        """Return the directory itself on version 2; on version 1 one for each controller, without links to others."""
        if self._is_v2:
            return [self._root]
        found = (path for path in self._root.iterdir() if path.is_dir() and not path.is_symlink())
        return sorted(path for path in found if (path / "cgroup.procs").exists())


def _enable(directory: Path) -> None:
    """Give the groups below a directory those controllers of it that a kubelet asks for (version 2)."""
    there = (directory / "cgroup.controllers").read_text().split()
    given = (directory / "cgroup.subtree_control").read_text().split()
    missing = [name for name in _V2_CONTROLLERS if name in there and name not in given]
    if missing:
        (directory / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in missing))


def _inherit(directory: Path) -> None:
    """A new cpuset of version 1 has neither processors nor memory, and takes no process."""
    for name in _CPUSET_FILES:
        file = directory / name
        if file.exists() and not file.read_text().strip():
            file.write_text((directory.parent / name).read_text())


def _kill(top: Path) -> None:
    for file in top.rglob("cgroup.procs"):
        with suppress(OSError):
            for pid in file.read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)


def _removed(top: Path) -> bool:
    directories = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
    for directory in (*directories, top):
        with suppress(OSError):  # busy for as long as a killed process is being reaped
            directory.rmdir()
    return not top.exists()
