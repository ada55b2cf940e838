"""Finds the processes of pulumi's runs in this folder, and those that a killed run has left behind."""

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from telemetry.clients.processes import end, is_alive

_ENGINE = "pulumi"
_HELPERS = ("pulumi-resource", "pulumi-language")
"""How the names of an engine's helpers begin; Linux cuts names after 15 characters."""
_ADDRESS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\]):\d+")
"""The engine's address, which it gives to every helper that it starts; one that was started by hand has none."""


@dataclass(frozen=True)
class Runs:
    """The runs of one user in one folder with one home and one backend of pulumi, of whichever stack."""

    folder: Path
    home: str
    backend: str | None
    """None: the one that `pulumi login` has noted in the home."""

    @classmethod
    def of(cls, environment: Mapping[str, str], folder: Path) -> "Runs":
        """Return the runs that are started from a folder under an environment."""
        return cls(folder.resolve(), _home(environment), environment.get("PULUMI_BACKEND_URL") or None)

    def engines(self) -> list[psutil.Process]:
        """Return the engines that are at work."""
        return self._processes(lambda process: bool(process.name() == _ENGINE))

    def orphans(self) -> list[psutil.Process]:
        """Return helpers whose engine is gone."""
        return self._processes(lambda process: _is_helper(process) and not _has_engine(process))

    def _processes(self, is_wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):  # ended meanwhile
                if self._holds(process) and is_wanted(process):
                    found.append(process)
        return found

    def _holds(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid() or process.uids().real != os.getuid() or not is_alive(process):
            return False
        if not Path(process.cwd()).is_relative_to(self.folder):
            return False
        environment = process.environ()
        return _home(environment) == self.home and (environment.get("PULUMI_BACKEND_URL") or None) == self.backend


def is_engine(pid: int) -> bool:
    """Whether a process, of whichever user, is an engine at work."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return is_alive(process) and bool(process.name() == _ENGINE)
    return False


def end_family(processes: Iterable[psutil.Process]) -> None:
    """End processes and all that they have started: politely, and after five seconds by force."""
    end({each for process in processes for each in (process, *_children(process))})


def _children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return list(process.children(recursive=True))
    return []


def _is_helper(process: psutil.Process) -> bool:
    """Whether it is a plugin or language host, or the program that one runs, and was given an engine's address."""
    words = process.cmdline()
    names = (process.name(), *(Path(word).name for word in words[:3]))
    return (
        process.name() != _ENGINE
        and any(name.startswith(_HELPERS) for name in names)
        and any(map(_ADDRESS.fullmatch, words))
    )


def _has_engine(process: psutil.Process) -> bool:
    return any(parent.name() == _ENGINE and is_alive(parent) for parent in process.parents())


def _home(environment: Mapping[str, str]) -> str:
    home = environment.get("PULUMI_HOME") or Path(environment.get("HOME") or Path.home()) / ".pulumi"
    return str(Path(home).absolute())
