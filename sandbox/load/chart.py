"""A run of load as a picture: throughput, latency, CPU and memory over time, in one self-contained SVG."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise

from sandbox.load.figures import Answer, Step, knee, quantile_of
from sandbox.load.run import Outcome
from sandbox.load.watch import REST
from sandbox.panels import Panel, Time, picture

_PANEL = 130
_GI = 1 << 30


def svg(outcome: Outcome) -> str:
    """Return the picture; the same run always makes the same text."""
    steps = outcome.steps
    time = Time(
        end=max((step.ended for step in steps), default=1.0),
        marks={step.begun: f"{step.begun:.0f} s" for step in steps},
        shaded=[(step.begun, step.ended) for step in steps if not step.is_carried],
    )
    title = "Load through the gateway, step by step"
    return picture(title, _described(steps), _panels(steps, outcome.groups), time, height=_PANEL)


def _described(steps: Sequence[Step]) -> str:
    best = knee(steps)
    said = "no step was carried" if best is None else f"{best.samples:,.0f} samples a second were carried"
    return f"{len(steps)} steps; {said}. Shaded: steps that were not."


def _panels(steps: Sequence[Step], groups: Iterable[str]) -> list[Panel]:
    taken = _by_second(steps, lambda answers: float(sum(each.samples for each in answers if each.taken)))
    offered = [point for step in steps for point in ((step.begun, step.offered), (step.ended, step.offered))]

    def slowest(part: float) -> list[tuple[float, float]]:
        return _by_second(steps, lambda answers: 1e3 * quantile_of([each.seconds for each in answers], part))

    uses = {group: [use for step in steps for use in step.uses[group]] for group in groups}
    return [
        Panel("Samples a second", "", {"taken": taken, "offered": offered}),
        Panel("Latency of writes", "ms", {"half of them": slowest(0.5), "99 %": slowest(0.99)}),
        Panel("CPU", "cores", {
            group: [(b.at, (b.cpu - a.cpu) / (b.at - a.at)) for a, b in pairwise(seen) if b.at > a.at]
            for group, seen in uses.items()
        }),
        Panel("Memory, resident", "GiB", {
            group: [(use.at, use.memory / _GI) for use in seen] for group, seen in uses.items() if group != REST
        }),
    ]  # fmt: skip


def _by_second(steps: Sequence[Step], figure: Callable[[list[Answer]], float]) -> list[tuple[float, float]]:
    """Return a figure of the writes that were answered in each whole second."""
    writes = (each for step in steps for each in step.answers if each.kind == "write" and each.at <= step.ended)
    seconds = groupby(sorted(writes, key=lambda each: each.at), key=lambda each: int(each.at))
    return [(second + 0.5, figure(list(answers))) for second, answers in seconds]
