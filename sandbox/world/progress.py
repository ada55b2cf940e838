"""What the user sees while the world starts: one line that moves on a terminal, one line elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress(Protocol):
    """Told by the supervisor, from several threads, what happens to each service."""

    def starting(self, service: str) -> None:
        """Take note that a process was started."""

    def ready(self, service: str) -> None:
        """Take note that a service serves."""


class Silent:
    """Says nothing."""

    def starting(self, service: str) -> None:
        """Say nothing."""

    def ready(self, service: str) -> None:
        """Say nothing."""


class _Narrator:
    """Moves the bar and remembers what was started."""

    def __init__(self, bars: Bars, total: int) -> None:
        self._bars = bars
        self._task = bars.add_task("looking at the world", total=total)
        self._lock = threading.Lock()
        self._pending: list[str] = []
        self.started: list[str] = []

    def starting(self, service: str) -> None:
        with self._lock:
            self.started.append(service)
            self._pending.append(service)
            self._bars.update(self._task, description=f"starting {', '.join(self._pending)}")

    def ready(self, service: str) -> None:
        with self._lock:
            if service in self._pending:
                self._pending.remove(service)
            waiting = f"starting {', '.join(self._pending)}" if self._pending else "world"
            self._bars.update(self._task, advance=1, description=waiting)


@contextmanager
def narrated(console: Console | None, total: int) -> Iterator[Progress]:
    """Show the start of ``total`` services; says nothing at the end if none had to be started."""
    if console is None:
        yield Silent()
        return
    begun = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        narrator = _Narrator(bars, total)
        yield narrator
    if narrator.started:
        elapsed = time.monotonic() - begun
        console.print(f"world: {len(narrator.started)} of {total} services started in {elapsed:.1f} s")
