"""The matrix as a table for people and as docs/reliability.md, whose rows are kept until their fault is tried anew."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from rich.console import Console

from sandbox.faults.fault import Fault, Outcome
from sandbox.faults.message import is_clear, reason
from sandbox.marked import with_table
from sandbox.paths import REPO
from telemetry.config import tables

PAGE = REPO / "docs" / "reliability.md"
BEGIN, END = "<!-- matrix: written by make faults -->", "<!-- end of the matrix -->"
_HEADINGS = ("Fault", "What is done", "Tries", "Survived", "Lost", "What the user sees", "Brought back by", "Run")
_WORDS = 150
"""Characters of a message that a cell takes."""
_PRIVATE = (
    (re.compile(r"(file://)?/(tmp|home|root|mnt|var)/\S+"), "…"),
    (re.compile(r"\b\w[\w.-]*@[\w.-]+ \(pid \d+\)"), "USER@HOST (pid N)"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
)
"""What is only so on the machine of the run."""


@dataclass(frozen=True)
class Run:
    """What a row says of where it comes from."""

    day: str
    commit: str

    @classmethod
    def now(cls) -> "Run":
        """Return today's, of the commit that is checked out; `+` where files differ from it."""
        commit, page = _git("rev-parse", "--short", "HEAD"), f":!{PAGE.relative_to(REPO)}"
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", page)
        return cls(f"{datetime.now(UTC):%Y-%m-%d}", commit + ("+" if changed else ""))

    def __str__(self) -> str:
        return f"{self.day}, {self.commit}"


def row(outcome: Outcome, run: Run) -> tuple[str, ...]:
    """Return the cells of a fault."""
    fault = outcome.fault
    tries = str(len(outcome.tries)) + ("" if len(outcome.tries) == fault.tries else f" of {fault.tries}")
    return (
        f"`{fault.name}`",
        fault.what,
        tries,
        str(outcome.survived),
        str(outcome.lost),
        _seen(outcome),
        _brought_back(outcome),
        str(run),
    )


def page(old: str, rows: Iterable[Sequence[str]], order: Sequence[Fault]) -> str:
    """Return a page with these rows in place of its earlier ones of the same faults.

    Raises:
        ValueError: the page has no place for them.
    """
    names = [f"`{fault.name}`" for fault in order]
    where = f"The last run was on {os.cpu_count()} cores with a load average of {os.getloadavg()[0]:.0f}."
    return with_table(old, (BEGIN, END), _HEADINGS, rows, names, where)


def write(rows: Sequence[Sequence[str]], order: Sequence[Fault], path: Path = PAGE) -> None:
    """Put rows into the page; another run may do so at the same time."""
    with FileLock(Path(tempfile.gettempdir()) / "telemetry-faults.lock"):
        path.write_text(page(path.read_text(), rows, order))


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the matrix."""
    table = tables.table("Fault", "Tries", "Survived", "Lost", "Message", "Brought back by", "Seconds a try")
    for each in outcomes:
        color = "green" if each.passed else "red"
        seconds = [one.seconds for one in each.tries]
        table.add_row(
            f"[{color}]{each.fault.name}[/]",
            f"{len(each.tries)}/{each.fault.tries}",
            str(each.survived),
            str(each.lost),
            "clear" if each.clear else "[red]not clear[/]",
            _brought_back(each),
            f"{sum(seconds) / len(seconds):.0f}" if seconds else "",
        )
    console.print(table)


def _seen(outcome: Outcome) -> str:
    wrong = [each for one in outcome.tries for each in (*one.wrong, *one.lost)]
    if wrong:
        return f"**{_cell(wrong[0])}**"
    said = list(dict.fromkeys(reason(one.said) for one in outcome.tries if one.said))
    if not said:
        return "nothing: the run goes through" if outcome.tries else "not tried: the time was over"
    unclear = [one for one in outcome.tries if one.said and not is_clear(one.said)]
    return _cell(said[0]) + (" (**no next command**)" if unclear else "")


def _brought_back(outcome: Outcome) -> str:
    ways: Mapping[tuple[str, ...], None] = dict.fromkeys(one.brought_back for one in outcome.tries)
    return "; ".join(", ".join(way) for way in ways if way)


def _cell(text: str) -> str:
    for pattern, instead in _PRIVATE:
        text = pattern.sub(instead, text)
    line = " ".join(text.split())
    return line if len(line) <= _WORDS else f"{line[:_WORDS]}…"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPO, capture_output=True, text=True, check=False)
    return done.stdout.strip()
