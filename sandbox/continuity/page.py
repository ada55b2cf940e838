"""What was measured on real nodes, for people and as tables of docs/."""

import os
from collections.abc import Sequence

from rich.console import Console

from sandbox.continuity.events import EVENTS
from sandbox.continuity.pods import Use
from sandbox.continuity.run import Outcome
from sandbox.continuity.usage import Measured
from sandbox.faults.page import PAGE, Run
from sandbox.marked import with_table
from sandbox.paths import REPO
from telemetry.config import tables
from telemetry.config.quantities import cpu_text

_EVENTS = {
    "metrics": ("<!-- continuity: written by make continuity -->", "<!-- end of continuity -->"),
    "traces": ("<!-- continuity of traces: written by make continuity -->", "<!-- end of continuity of traces -->"),
}
_PARTS = {"metrics": "Samples", "traces": "Traces"}
_CAPACITY = REPO / "docs" / "capacity.md"
_USAGE = ("<!-- usage: written by make usage -->", "<!-- end of usage -->")
_USAGE_HEADINGS = ("Role", "CPU asked for", "idle", "written to", "Memory asked for", "idle", "written to")
_MEBI = 1 << 20


def write_events(outcomes: Sequence[Outcome], run: Run) -> None:
    """Put the outcomes into docs/reliability.md, a table for each signal; the rows of other events stay."""
    order = [f"`{event.name}`" for event in EVENTS]
    for signal, marks in _EVENTS.items():
        rows = [[*_outcome(each), str(run)] for each in outcomes if each.signal == signal]
        if rows:
            headings = [*_headings(signal), "Run"]
            PAGE.write_text(with_table(PAGE.read_text(), marks, headings, rows, order))


def show_events(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print them."""
    for signal in dict.fromkeys(each.signal for each in outcomes):
        event, _, *seen = _headings(signal)  # what happens was told when it did
        table = tables.table(event, *seen)
        for each in outcomes:
            if each.signal == signal:
                name, _, *cells = _outcome(each)
                table.add_row(name.strip("`"), *cells, style="" if each.passed else "red")
        console.print(table)


def write_usage(stack: str, roles: Sequence[Measured], run: Run) -> None:
    """Put what was used into docs/capacity.md."""
    where = f"Stack {stack}; {run}; {os.cpu_count()} cores, load average {os.getloadavg()[0]:.0f}."
    rows = [_role(each) for each in roles]
    order = [row[0] for row in rows]
    _CAPACITY.write_text(with_table(_CAPACITY.read_text(), _USAGE, _USAGE_HEADINGS, rows, order, where))


def show_usage(console: Console, roles: Sequence[Measured]) -> None:
    """Print it."""
    table = tables.table(*_USAGE_HEADINGS)
    for each in roles:
        table.add_row(*_role(each), style="red" if each.is_too_little else "")
    console.print(table)


def _headings(signal: str) -> list[str]:
    taken = f"{_PARTS[signal]} acknowledged"
    return ["Event", "What happens", "Requests", "Refused", taken, "Not found", "Ready again after"]


def _outcome(outcome: Outcome) -> list[str]:
    refused = f"{outcome.refused}" + (f" ({', '.join(outcome.answers)})" if outcome.refused else "")
    return [
        f"`{outcome.event.name}`",
        outcome.event.what,
        str(outcome.requests),
        refused,
        str(outcome.acknowledged),
        str(outcome.lost),
        f"{outcome.seconds:.0f} s",
    ]


def _role(measured: Measured) -> list[str]:
    asked, uses = measured.asked, (measured.idle, measured.loaded)
    idle = _memory(measured.idle)
    return [
        measured.role,
        cpu_text(round(asked.cpu)),
        *(f"{use.cpu:.0f}m" for use in uses),
        _memory(asked),
        f"**{idle}**" if measured.is_too_little else idle,
        _memory(measured.loaded),
    ]


def _memory(use: Use) -> str:
    return f"{use.memory / _MEBI:.0f}Mi"
