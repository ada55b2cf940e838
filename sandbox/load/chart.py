"""A run of load as a picture: throughput, latency, CPU and memory over time, in one self-contained SVG."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sandbox.load.figures import Answer, Step, knee, quantile_of
from sandbox.load.run import Outcome
from sandbox.load.watch import REST
from telemetry.config.svg import QUIET, WIDTH, drawing, text

_LEFT, _RIGHT, _TOP, _PANEL, _GAP = 84, 20, 76, 130, 62
_GRID, _BAD = "#d9dee7", "#fbe9e7"
_COLOURS = ("#1d5fbf", "#b3261e", "#2e7d5b", "#8a8f99")
"""Told apart by dashes too, for eyes that do not see the hues and for printers."""
_DASHES = ("", "7 4", "2 3", "1 5")
_GI = 1 << 30


@dataclass(frozen=True)
class _Panel:
    title: str
    unit: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    """Points of seconds and amount, by what they are."""


def svg(outcome: Outcome) -> str:
    """Return the picture; the same run always makes the same text."""
    steps = outcome.steps
    panels = _panels(steps, outcome.groups)
    height = _TOP + len(panels) * (_PANEL + _GAP)
    root = drawing("A run of load", _described(steps), height)
    SubElement(root, "rect", {"width": str(WIDTH), "height": str(height), "fill": "#ffffff"})
    text(root, _LEFT, 30, "Load through the gateway, step by step", size=18, weight="600")
    text(root, _LEFT, 52, _described(steps), colour=QUIET)
    end = max((step.ended for step in steps), default=1.0)
    for number, panel in enumerate(panels):
        _draw(root, panel, steps, end, _TOP + number * (_PANEL + _GAP) + 24)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _described(steps: Sequence[Step]) -> str:
    best = knee(steps)
    said = "no step was carried" if best is None else f"{best.samples:,.0f} samples a second were carried"
    return f"{len(steps)} steps; {said}. Shaded: steps that were not."


def _panels(steps: Sequence[Step], groups: Iterable[str]) -> list[_Panel]:
    taken = _by_second(steps, lambda answers: float(sum(each.samples for each in answers if each.taken)))
    offered = [point for step in steps for point in ((step.begun, step.offered), (step.ended, step.offered))]

    def slowest(part: float) -> list[tuple[float, float]]:
        return _by_second(steps, lambda answers: 1e3 * quantile_of([each.seconds for each in answers], part))

    uses = {group: [use for step in steps for use in step.uses[group]] for group in groups}
    return [
        _Panel("Samples a second", "", {"taken": taken, "offered": offered}),
        _Panel("Latency of writes", "ms", {"half of them": slowest(0.5), "99 %": slowest(0.99)}),
        _Panel("CPU", "cores", {
            group: [(b.at, (b.cpu - a.cpu) / (b.at - a.at)) for a, b in pairwise(seen) if b.at > a.at]
            for group, seen in uses.items()
        }),
        _Panel("Memory, resident", "GiB", {
            group: [(use.at, use.memory / _GI) for use in seen] for group, seen in uses.items() if group != REST
        }),
    ]  # fmt: skip


def _by_second(steps: Sequence[Step], figure: Callable[[list[Answer]], float]) -> list[tuple[float, float]]:
    """Return a figure of the writes that were answered in each whole second."""
    writes = (each for step in steps for each in step.answers if each.kind == "write" and each.at <= step.ended)
    seconds = groupby(sorted(writes, key=lambda each: each.at), key=lambda each: int(each.at))
    return [(second + 0.5, figure(list(answers))) for second, answers in seconds]


def _draw(root: Element, panel: _Panel, steps: Sequence[Step], end: float, top: int) -> None:
    """Draw a panel: its title with what each line is, the steps behind, a scale from nothing to the most, the lines."""
    most = max((value for line in panel.lines.values() for _, value in line), default=0) or 1.0
    across = (WIDTH - _LEFT - _RIGHT) / end

    def place(at: float, value: float) -> tuple[float, float]:
        return _LEFT + at * across, top + _PANEL * (1 - value / most)

    for step in steps:
        if not step.is_carried:
            x, width = _LEFT + step.begun * across, step.seconds * across
            SubElement(root, "rect", {
                "x": f"{x:.1f}", "y": str(top), "width": f"{width:.1f}", "height": str(_PANEL), "fill": _BAD,
            })  # fmt: skip
    for part in (0.0, 0.5, 1.0):
        y = place(0, most * part)[1]
        _line(root, [(_LEFT, y), (WIDTH - _RIGHT, y)], _GRID, "", 1)
        text(root, _LEFT - 8, y + 4, f"{most * part:,.3g}" if most < 1000 else f"{most * part:,.0f}", anchor="end")
    for step in steps:
        x = _LEFT + step.begun * across
        _line(root, [(x, top + _PANEL), (x, top + _PANEL + 5)], QUIET, "", 1)
        text(root, x, top + _PANEL + 18, f"{step.begun:.0f} s", size=11, colour=QUIET)
    text(root, _LEFT, top - 8, f"{panel.title}{', ' if panel.unit else ''}{panel.unit}", weight="600")
    for number, (name, line) in enumerate(panel.lines.items()):
        colour, dash, x = _COLOURS[number], _DASHES[number], _LEFT + 220 + number * 160
        _line(root, [(x, top - 12), (x + 26, top - 12)], colour, dash, 2)
        text(root, x + 32, top - 8, name, colour=QUIET)
        _line(root, [place(*point) for point in line], colour, dash, 2)


def _line(root: Element, points: Sequence[tuple[float, float]], colour: str, dash: str, width: int) -> None:
    style = {"fill": "none", "stroke": colour, "stroke-width": str(width)} | (
        {"stroke-dasharray": dash} if dash else {}
    )
    SubElement(root, "polyline", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points), **style})
