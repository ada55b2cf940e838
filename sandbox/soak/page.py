"""What a run has seen, as tables for people and as a part of docs/reliability.md, with its picture beside it."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sandbox import machine
from sandbox.continuity.run import Outcome
from sandbox.faults.page import PAGE, Run
from sandbox.marked import with_table
from sandbox.soak import chart
from sandbox.soak.growth import Growth, Memory, Verdict
from sandbox.soak.run import Soak
from telemetry.capacity.tables import Table

_EVENTS = ("<!-- soak: written by make soak -->", "<!-- end of soak -->")
_MEMORY = ("<!-- soak, memory: written by make soak -->", "<!-- end of soak, memory -->")
_EVENT_HEADINGS = ("Event", "Times", "Requests", "Refused", "Acknowledged", "Not found", "Ready again after, at most")
_MEMORY_HEADINGS = (
    "Role",
    "Pods seen",
    "Most",
    "Mean",
    "Growth an hour",
    "Over the second half",
    "Swings by",
    "Held",
    "Held grows an hour",
    "Memory is",
)
_MI, _HOUR = 1 << 20, 3600
Rows = list[tuple[str, ...]]


def write(soak: Soak, run: Run, page: Path = PAGE) -> None:
    """Put tables and picture of a run in place of those of the last one."""
    image = page.with_name("soak.svg")
    image.write_text(chart.svg(soak))
    said = f"{note(soak)} {run}; {machine.description()}."
    picture = f"![Memory of each role over time]({image.name})"
    text = page.read_text()
    for marks, headings, rows, below in (
        (_EVENTS, _EVENT_HEADINGS, _events(soak), said),
        (_MEMORY, _MEMORY_HEADINGS, [_role(each) for each in soak.memories], picture),
    ):
        text = with_table(text, marks, headings, rows, [cells[0] for cells in rows], below)
    page.write_text(text)


def show(console: Console, soak: Soak) -> None:
    """Print them."""
    for title, headings, rows in (
        ("What happened", _EVENT_HEADINGS, _events(soak)),
        ("Memory", _MEMORY_HEADINGS, [_role(each) for each in soak.memories]),
    ):
        table = Table(title, headings)
        for cells in rows:
            table.add(*(cell.replace("`", "").replace("**", "") for cell in cells))
        console.print(table.rich())
    console.print(note(soak), highlight=False, soft_wrap=True)


def note(soak: Soak) -> str:
    """Return what the run was, with what it takes to do the same again."""
    lost = sum(each.lost for each in soak.whole)
    struck = len({each.begun for each in soak.outcomes})
    ended = f"{lost} of what was acknowledged not found" if soak.whole else "cut short, so that not all was counted"
    asked = f"{soak.asked / 60:g} minutes, blocks of {soak.block_minutes}"
    return f"Stack {soak.stack}, {asked}, seed {soak.seed}; events: {struck}; {ended}."


def line(outcome: Outcome) -> str:
    """Return what is told of an event as soon as it is over."""
    return (
        f"  {outcome.signal}: {outcome.requests} requests, {outcome.refused} refused, {outcome.lost} not found; "
        f"ready again after {outcome.seconds:.0f} s"
    )


def _events(soak: Soak) -> Rows:
    """Return a row for each event and signal, of all times together, and those of the whole run."""
    by_kind: dict[tuple[str, str], list[Outcome]] = {}
    for each in (*soak.outcomes, *soak.whole):
        by_kind.setdefault((each.event.name, each.signal), []).append(each)
    return [_event(name, signal, outcomes) for (name, signal), outcomes in by_kind.items()]


def _event(name: str, signal: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    answers = sorted({answer for each in outcomes for answer in each.answers})
    lost = sum(each.lost for each in outcomes)
    return (
        f"`{name}`, {signal}",
        str(len(outcomes)),
        f"{sum(each.requests for each in outcomes):,}",
        str(sum(each.refused for each in outcomes)) + (f" ({', '.join(answers)})" if answers else ""),
        f"{sum(each.acknowledged for each in outcomes):,}",
        f"**{lost}**" if lost else "0",
        f"{max(each.seconds for each in outcomes):.0f} s",
    )


def _role(memory: Memory) -> tuple[str, ...]:
    used, verdict = memory.used, memory.verdict
    known = used.verdict is not Verdict.UNKNOWN
    return (
        f"`{used.role}`",
        str(used.lives),
        f"{used.most / _MI:.0f}Mi",
        f"{used.mean / _MI:.0f}Mi" if known else "",
        _hourly(used),
        f"{used.bytes / used.mean:+.1%}" if known else "",
        f"{used.swing / used.mean:.1%}" if known else "",
        f"{memory.held.mean / _MI:.0f}Mi" if memory.held else "",
        _hourly(memory.held) if memory.held else "",
        f"**{verdict}**" if verdict is Verdict.GROWS else str(verdict),
    )


def _hourly(growth: Growth) -> str:
    return f"{growth.slope * _HOUR / _MI:+.1f}Mi" if growth.verdict is not Verdict.UNKNOWN else ""
