"""How costs grow, as tables for the terminal and for docs/performance.md."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.console import Console

from sandbox.scale import stacks, tenants
from sandbox.scale.slope import Slope
from telemetry.config import tables
from telemetry.config.markdown import table

_MB = 1e6
_MEMORY = ("engine, MB", "program, MB")
_TENANTS = (
    "Tenants",
    "preview of a new stack",
    "up with one checkpoint",
    "up with all",
    "preview, no change",
    "preview of one more",
    "up of one more",
    "state, MB",
    *_MEMORY,
    "objects it touches",
)
_ABOUT_TENANTS = """\
Seconds for a stack of dev's settings with a gateway and so many tenants, each measured once. A tenant is a Secret and
two datasources. With its usual checkpoints the engine writes the whole state twice for each object that it makes, on a
backend of files or buckets, which is quadratic; with `PULUMI_SKIP_CHECKPOINTS=true` it writes it once, at the end
([operations.md](operations.md)). Memory is the most that the engine and the program had resident in any of these runs,
looked at four times a second."""
_STACKS = (
    "Stacks",
    "preview of the last one",
    "up of the last one",
    "up of all",
    "preview of all, no change",
    "state, MB",
)
_ABOUT_STACKS = """\
Seconds for stacks of dev's settings with a gateway and a tenant, on one cluster, object store and Grafana, one after
the other, each with a state of its own. Memory is of one run, which is of one stack."""
_ABOUT_SLOPES = """\
What one more takes, from each count to the next. **Linear at most**: between the last two counts it takes no more than
twice what it has taken before, or the whole has grown by less than a tenth; what grows with the square would take over
three times as much from stack to stack, and ten times from tenant to tenant."""


def of_tenants(console: Console, costs: Sequence[tenants.Cost]) -> str:
    """Print and return what tenants cost; nothing where nothing was measured."""
    slopes = [
        Slope("preview of a new stack", "s", [(each.tenants, each.preview) for each in costs]),
        Slope("up with one checkpoint", "s", [(each.tenants, each.up) for each in costs]),
        Slope("preview, no change", "s", [(each.tenants, each.no_change) for each in costs]),
        Slope("up of one more", "s", [(each.tenants, each.up_of_one_more) for each in costs]),
        *_sizes([(each.tenants, each) for each in costs]),
    ]
    costs_of_each = [_tenants(cost) for cost in costs]
    return _section(console, _ABOUT_TENANTS, _TENANTS, costs_of_each, "tenant", slopes)


def of_stacks(console: Console, costs: Sequence[stacks.Cost]) -> str:
    """Print and return what stacks cost; nothing where nothing was measured."""
    slopes = [
        Slope("up of all", "s", [(each.stacks, each.up_of_all) for each in costs]),
        Slope("preview of all, no change", "s", [(each.stacks, each.no_change_of_all) for each in costs]),
        *_sizes([(each.stacks, each) for each in costs]),
    ]
    costs_of_each = [_stacks(cost) for cost in costs]
    return _section(console, _ABOUT_STACKS, (*_STACKS, *_MEMORY), costs_of_each, "stack", slopes)


def shown(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Print a table, unless it is empty, and return it in Markdown."""
    printed = tables.table(*headings)
    for row in rows:
        printed.add_row(*row)
    if rows:
        console.print(printed)
    return f"{table(headings, rows, numbers=True)}\n"


def _section(
    console: Console,
    about: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    thing: str,
    slopes: Sequence[Slope],
) -> str:
    """Print and return what such things cost, and what one more does; nothing without rows."""
    if not rows:
        return ""
    return f"\n{about}\n\n{shown(console, headings, rows)}{_slopes(console, thing, slopes)}"


def _sizes(counted: Sequence[tuple[int, tenants.Cost | stacks.Cost]]) -> Iterator[Slope]:
    yield Slope("state", "MB", [(count, cost.state / _MB) for count, cost in counted])
    yield Slope("memory of the engine", "MB", [(count, cost.engine / _MB) for count, cost in counted])
    yield Slope("memory of the program", "MB", [(count, cost.program / _MB) for count, cost in counted])


def _slopes(console: Console, thing: str, slopes: Sequence[Slope]) -> str:
    counts = [count for count, _ in slopes[0].points]
    if len(counts) < 3:
        return ""
    spans = [f"{few:,} to {many:,}" for few, many in pairwise(counts)]
    rows = [
        (
            each.what,
            *(f"{step:.3g} {each.unit}" for step in each.steps),
            "linear at most" if each.is_linear else "**more than linear**",
        )
        for each in slopes
    ]
    return f"\n{_ABOUT_SLOPES}\n\n" + shown(console, (f"For each {thing} more", *spans, ""), rows)


def _tenants(cost: tenants.Cost) -> tuple[str, ...]:
    usual = cost.up_with_all_checkpoints
    seconds = (cost.preview, cost.up, usual, cost.no_change, cost.preview_of_one_more, cost.up_of_one_more)
    return (
        f"{cost.tenants:,}",
        *("" if each is None else f"{each:.1f}" for each in seconds),
        f"{cost.state / _MB:.2f}",
        *_memory(cost.engine, cost.program),
        str(len(cost.touched)),
    )


def _stacks(cost: stacks.Cost) -> tuple[str, ...]:
    seconds = (cost.preview, cost.up, cost.up_of_all, cost.no_change_of_all)
    return (
        str(cost.stacks),
        *(f"{each:.1f}" for each in seconds),
        f"{cost.state / _MB:.2f}",
        *_memory(cost.engine, cost.program),
    )


def _memory(engine: int, program: int) -> tuple[str, str]:
    return f"{engine / _MB:.0f}", f"{program / _MB:.0f}"
