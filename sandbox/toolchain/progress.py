"""What the user sees while tools are built: a bar per module on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

# A package's name gets the room that is left: long ones must not squeeze the figures.
_REST = Column(ratio=1, no_wrap=True, overflow="ellipsis")
LINE_SECONDS = 15.0
"""How often a build says something where there is no terminal, in a CI log for one."""


class Build(Protocol):
    """Told what happens while one module is built."""

    def note(self, text: str) -> None:
        """Show what is being done now."""

    def total(self, packages: int) -> None:
        """Take note of how many packages there are to compile."""

    def compiled(self, package: str) -> None:
        """Take note of one compiled package."""


class _Bar:
    """A bar on a terminal."""

    def __init__(self, bars: Progress, title: str) -> None:
        self._bars = bars
        self._task = bars.add_task(title, total=None, note="")

    def note(self, text: str) -> None:
        self._bars.update(self._task, note=text)

    def total(self, packages: int) -> None:
        self._bars.update(self._task, total=packages, note="")

    def compiled(self, package: str) -> None:
        self._bars.update(self._task, advance=1, note=package)


class _Lines:
    """A line every so often."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._begun = self._said = time.monotonic()
        self._done = 0
        self._total = 0
        self._say("started")

    def note(self, text: str) -> None:
        if time.monotonic() - self._said >= LINE_SECONDS:
            self._say(text)

    def total(self, packages: int) -> None:
        self._total = packages
        self._say(f"{packages} packages to compile")

    def compiled(self, package: str) -> None:
        self._done += 1
        self.note(f"{self._done} of {self._total} packages, now {package}")

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        elapsed = self._said - self._begun
        self._console.print(f"{self._title}: {text} ({elapsed:.0f} s)", highlight=False, soft_wrap=True)


@contextmanager
def shown(console: Console, title: str) -> Iterator[Build]:
    """Show the build of one module; says at the end how long it took."""
    begun = time.monotonic()
    if console.is_terminal:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}", table_column=_REST),
        )
        with Progress(*columns, console=console, transient=True, expand=True) as bars:
            yield _Bar(bars, title)
    else:
        yield _Lines(console, title)
    console.print(f"{title}: done in {time.monotonic() - begun:.0f} s", highlight=False, soft_wrap=True)
