"""The cache of tools: one directory per origin and key, complete as soon as it has its name."""

import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout
from rich.console import Console

from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.progress import Build, shown


class Origin(Protocol):
    """What tools are made of: a Go module, or a package. ``doing`` is what its making is called."""

    @property
    def name(self) -> str:
        """Its name, which is also the first part of its directory's."""

    @property
    def what(self) -> str:
        """What it is, for the user."""

    @property
    def doing(self) -> str:
        """What making it is called: building, fetching."""

    def key(self) -> str:
        """Identify what `make` would make now."""

    def make(self, draft: Path, build: Build) -> None:
        """Put its tools into an empty directory. Raises ToolchainError."""


class Cache:
    """Has tools made, and keeps them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def directory(self, origin: Origin) -> Path:
        """Return where an origin's tools are or would be."""
        return self._directory / f"{origin.name}-{origin.key()}"

    def ensure(self, origin: Origin, why: str, console: Console) -> Path:
        """Return the directory of an origin's tools, made now if need be. A second process waits for the first."""
        target = self.directory(origin)
        if target.is_dir():
            return target
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._directory / f"{origin.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            console.print(f"{origin.name}: another process is {origin.doing} it, waiting …", highlight=False)
            lock.acquire()
        try:
            if not target.is_dir():
                self._make(origin, target, why, console)
        finally:
            lock.release()
        return target

    def _make(self, origin: Origin, target: Path, why: str, console: Console) -> None:
        for left in self._directory.glob(f".{origin.name}-*"):  # of one that was killed
            shutil.rmtree(left, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{origin.name}-", dir=self._directory))
        try:
            with shown(console, f"{origin.doing} {origin.name} ({origin.what}; {why})") as build:
                origin.make(draft, build)
            draft.chmod(0o755)
            draft.replace(target)
        except OSError as error:
            raise ToolchainError(f"{origin.doing} {origin.name} failed: {error}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
