"""Panels of a picture, one below the other: what was measured over time, with the moments that mattered behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from telemetry.config.svg import QUIET, WIDTH, drawing, text

_LEFT, _RIGHT, _TOP, _TITLE, _BELOW = 84, 20, 76, 24, 38
_GRID, _SHADE = "#d9dee7", "#fbe9e7"
_COLOURS = ("#1d5fbf", "#b3261e", "#2e7d5b", "#8a8f99", "#8e5aa8")
"""Told apart by dashes too, for eyes that do not see the hues and for printers."""
_DASHES = ("", "7 4", "2 3", "1 5", "9 3 2 3")


@dataclass(frozen=True)
class Panel:
    """One panel; its scale goes from nothing to the most."""

    title: str
    unit: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    """Points of seconds and amount, by what they are. A name is written where there are several."""


@dataclass(frozen=True)
class Time:
    """What goes from left to right, in seconds: the same for all panels of a picture."""

    end: float
    marks: Mapping[float, str]
    """What is written below, by moment."""
    shaded: Sequence[tuple[float, float]] = ()


def picture(title: str, description: str, panels: Sequence[Panel], time: Time, *, height: int) -> str:
    """Return panels of this height as one self-contained SVG; the same figures always make the same text."""
    each = _TITLE + height + _BELOW
    whole = _TOP + len(panels) * each
    root = drawing(title, description, whole)
    SubElement(root, "rect", {"width": str(WIDTH), "height": str(whole), "fill": "#ffffff"})
    text(root, _LEFT, 30, title, size=18, weight="600")
    text(root, _LEFT, 52, description, colour=QUIET)
    for number, panel in enumerate(panels):
        _draw(root, panel, time, _TOP + number * each + _TITLE, height)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _draw(root: Element, panel: Panel, time: Time, top: int, height: int) -> None:
    """Draw a panel: its title with what each line is, what is shaded, the scale, the lines."""
    most = max((value for line in panel.lines.values() for _, value in line), default=0) or 1.0
    across = (WIDTH - _LEFT - _RIGHT) / time.end

    def place(at: float, value: float) -> tuple[float, float]:
        return _LEFT + at * across, top + height * (1 - value / most)

    for begun, ended in time.shaded:
        x, width = _LEFT + begun * across, (ended - begun) * across
        SubElement(root, "rect", {
            "x": f"{x:.1f}", "y": str(top), "width": f"{width:.1f}", "height": str(height), "fill": _SHADE,
        })  # fmt: skip
    for part in (0.0, 0.5, 1.0):
        y = place(0, most * part)[1]
        _line(root, [(_LEFT, y), (WIDTH - _RIGHT, y)], _GRID, "", 1)
        text(root, _LEFT - 8, y + 4, f"{most * part:,.3g}" if most < 1000 else f"{most * part:,.0f}", anchor="end")
    for at, words in time.marks.items():
        x = _LEFT + at * across
        _line(root, [(x, top + height), (x, top + height + 5)], QUIET, "", 1)
        text(root, x, top + height + 18, words, size=11, colour=QUIET)
    text(root, _LEFT, top - 8, f"{panel.title}{', ' if panel.unit else ''}{panel.unit}", weight="600")
    for number, (name, line) in enumerate(panel.lines.items()):
        colour, dash = _COLOURS[number], _DASHES[number]
        if len(panel.lines) > 1:
            x = _LEFT + 220 + number * 130
            _line(root, [(x, top - 12), (x + 26, top - 12)], colour, dash, 2)
            text(root, x + 32, top - 8, name, colour=QUIET)
        _line(root, [place(*point) for point in line], colour, dash, 2)


def _line(root: Element, points: Sequence[tuple[float, float]], colour: str, dash: str, width: int) -> None:
    style = {"fill": "none", "stroke": colour, "stroke-width": str(width)} | (
        {"stroke-dasharray": dash} if dash else {}
    )
    SubElement(root, "polyline", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points), **style})
