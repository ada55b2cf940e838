"""What a run of load has seen: tables for people and for docs/load.md, and JSON for programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox import machine
from sandbox.faults.page import Run
from sandbox.load import chart, rules
from sandbox.load.figures import Step, cores_for, knee
from sandbox.load.plan import SHAPES
from sandbox.load.run import CLIENT, Outcome
from sandbox.load.ways import Cost
from sandbox.marked import with_table
from sandbox.paths import REPO
from telemetry.config.tables import table
from telemetry.spec.measured import Figures

PAGE = REPO / "docs" / "load.md"
_TARGET = 100_000
"""Samples a second that are extrapolated to."""
_ALL_OF_A_CORE = 0.9
_MI = 1 << 20
Rows = list[tuple[str, ...]]


def tables(outcome: Outcome) -> dict[str, tuple[tuple[str, ...], Rows]]:
    """Return headings and rows of each table, by its name in docs/load.md."""
    servers = outcome.servers
    return {
        "steps": (
            (
                *("Offered, samples/s", "Accepted", "Refused", "p50", "p99", "Queries, p99"),
                *(f"CPU of {group}, cores" for group in outcome.groups),
                *(f"Memory of {group}" for group in servers),
                "Carried",
            ),
            [_step(step, outcome.groups, servers) for step in outcome.steps],
        ),
        "ways": (
            ("Path", "p50", "p99", "p50 to the first", *(f"CPU of {group}" for group in servers)),
            [_way(cost, outcome.costs[0], servers) for cost in outcome.costs],
        ),
        "costs": (
            ("Part", "Samples for each second of CPU", f"Cores for {_TARGET:,} samples/s, extrapolated"),
            _costs(outcome, servers),
        ),
    }


def notes(outcome: Outcome) -> list[str]:
    """Return what the tables do not say: the knee, what a series takes, and what the run was."""
    plan, backend = outcome.plan, outcome.backend
    best = knee(outcome.steps)
    return [
        _knee(outcome.steps),
        *(() if best is None else (_against_rules(outcome, best),)),
        f"The memory of {backend.title} grew by {outcome.bytes_per_series / 1024:.1f} KiB for each series in it, of "
        f"which there were {outcome.series:,}, queries and buffers included.",
        f"{backend.described(plan.replicas)} behind one nginx; {plan.tenants} tenants, requests of {plan.samples:,} "
        f"samples by {' and '.join(plan.protocols)}, {plan.queries:g} queries a second, {plan.seconds:g} s a step.",
    ]


def _against_rules(outcome: Outcome, best: Step) -> str:
    """Return how what the backend used stands to what its rules ask for."""
    asked, used = rules.cores(outcome.backend, outcome.plan, best), best.cores(*outcome.parts)
    by_rules = "the rules of `make size` " + ("do not say how many" if asked is None else f"ask for {asked:.2f}")
    return f"For that load {outcome.backend.title} used {used:.2f} cores; {by_rules}."


def _knee(steps: Sequence[Step]) -> str:
    best, failed = knee(steps), [step for step in steps if not step.is_carried]
    if best is None:
        return "Not even the first step was carried."
    carried = f"{best.samples:,.0f} samples a second were carried"
    if not failed:
        return f"{carried}, and so was every step: the knee is beyond."
    first = min(failed, key=lambda step: step.offered)
    return f"The knee: {carried}, {first.offered:,.0f} were not{_of_whom(first)}."


def _of_whom(step: Step) -> str:
    """Return whose limit a step has met, where it was the sender's own: one process of Python has one core."""
    return ", and it was the sender that could do no more" if step.cores(CLIENT) > _ALL_OF_A_CORE else ""


def show(console: Console, outcome: Outcome) -> None:
    """Print all of it."""
    for name, (headings, rows) in tables(outcome).items():
        if rows:
            console.print(_shown(headings, rows, turned=name == "steps"))
    for line in notes(outcome):
        console.print(line, highlight=False, soft_wrap=True)


def _shown(headings: Sequence[str], rows: Rows, *, turned: bool) -> Table:
    """Return a table for the terminal; turned, each row is a column, for headings that do not fit beside each other."""
    lines = list(zip(headings, *rows, strict=True)) if turned else [tuple(headings), *rows]
    shown = table(*(cell.replace("`", "") for cell in lines[0]))
    for line in lines[1:]:
        shown.add_row(*(cell.replace("`", "").replace("**", "") for cell in line))
    return shown


def write(outcome: Outcome, run: Run, page: Path = PAGE) -> None:
    """Put the tables of a shape into the page, and its picture beside it. Raises KeyError: it is nobody's shape."""
    shape = f"{outcome.backend.name} {SHAPES[outcome.plan.replicas]}"
    picture = f"load-{shape.replace(' ', '-')}.svg"
    text = page.read_text()
    for name, (headings, rows) in tables(outcome).items():
        marks = f"<!-- load {shape} {name}: written by make load -->", f"<!-- end of load {shape} {name} -->"
        below = _below(outcome, run, picture) if name == "costs" else ""
        if rows:
            text = with_table(text, marks, headings, rows, [row[0] for row in rows], below)
    page.write_text(text)
    page.with_name(picture).write_text(chart.svg(outcome))


def record(outcome: Outcome, run: Run) -> None:
    """Put what the backend took at the knee where `make size` finds it; nothing where there is none."""
    best = knee(outcome.steps)
    if best is None or not (cores := best.cores(*outcome.parts)):
        return
    found = Figures(
        samples_per_second=round(best.samples),
        series=outcome.series // outcome.plan.replicas,
        samples_per_cpu_second=round(best.samples / cores),
        bytes_per_series=round(outcome.bytes_per_series),
        where=_where(run),
    )
    outcome.backend.measurements.write(outcome.plan.replicas, found)


def _where(run: Run) -> str:
    return f"{run}; {machine.description()}"


def _below(outcome: Outcome, run: Run, picture: str) -> str:
    """Return what stands below the last table: the notes, the machine, the picture."""
    about = "\n".join(f"- {each}" for each in (*notes(outcome), f"Measured {_where(run)}."))
    return f"{about}\n\n![Throughput, latency, CPU and memory over time]({picture})"


def document(outcome: Outcome) -> dict[str, Any]:
    """Return all of it for programs: seconds, bytes, samples a second, cores."""
    best = knee(outcome.steps)
    estimates = {group: cores_for(outcome.steps, group, _TARGET) for group in outcome.servers}
    return {
        "machine": machine.description(),
        "backend": outcome.backend.name,
        "plan": {name: getattr(outcome.plan, name) for name in outcome.plan.__dataclass_fields__},
        "knee": None if best is None else best.samples,
        "cores_by_the_rules": None if best is None else rules.cores(outcome.backend, outcome.plan, best),
        "steps": [_figures(step, outcome.groups) for step in outcome.steps],
        "ways": [
            {"way": cost.way, "median": cost.median, "p99": cost.slowest, "cpu_per_request": dict(cost.cpu)}
            for cost in outcome.costs
        ],
        "cores_for": {
            "samples_per_second": _TARGET,
            **{name: each and {"value": each.value, "error": each.error} for name, each in estimates.items()},
        },
    }


def _figures(step: Step, groups: Sequence[str]) -> dict[str, Any]:
    return {
        "offered": step.offered,
        "taken": step.samples,
        "refused": step.refused(),
        "carried": step.is_carried,
        "write_latency": {f"p{part * 100:g}": step.latency(part) for part in (0.5, 0.9, 0.99)},
        "query_latency": {f"p{part * 100:g}": step.latency(part, "query") for part in (0.5, 0.9, 0.99)},
        "cores": {group: step.cores(group) for group in groups},
        "memory": {group: step.memory(group) for group in groups},
    }


def _step(step: Step, groups: Sequence[str], servers: Sequence[str]) -> tuple[str, ...]:
    return (
        f"`{step.offered:,.0f}`",
        f"{step.samples:,.0f}",
        f"{step.refused():.1%}",
        *(_milliseconds(step.latency(part)) for part in (0.5, 0.99)),
        _milliseconds(step.latency(0.99, "query")),
        *(f"{step.cores(group):.2f}" for group in groups),
        *(f"{step.memory(group) / _MI:.0f}Mi" for group in servers),
        "yes" if step.is_carried else "**no**",
    )


def _way(cost: Cost, first: Cost, servers: Sequence[str]) -> tuple[str, ...]:
    return (
        f"`{cost.way}`",
        *(_milliseconds(seconds) for seconds in (cost.median, cost.slowest)),
        f"{cost.median / first.median:.2f}x",
        *(_milliseconds(cost.cpu[group]) for group in servers),
    )


def _costs(outcome: Outcome, servers: Sequence[str]) -> Rows:
    best = knee(outcome.steps)
    rows: Rows = []
    for group in servers if best is not None else ():
        estimate, cores = cores_for(outcome.steps, group, _TARGET), best.cores(group) if best else 0
        rows.append((
            f"`{group}`",
            f"{best.samples / cores:,.0f}" if best and cores else "too little to measure",
            "too few steps were carried" if estimate is None else f"{estimate.value:.2f} ± {estimate.error:.2f}",
        ))  # fmt: skip
    return rows


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"
