"""A report as a picture: a bar per resource, from what is used to what is left free, in one self-contained SVG."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from telemetry.capacity.figures import Line, Report
from telemetry.config.amounts import percent, rounded
from telemetry.config.svg import INK, QUIET, WIDTH, drawing, text

_MARGIN, _BAR, _ROW, _TOP = 32, 34, 124, 78
_BAD = "#b3261e"
# Told apart by lightness too, for eyes that do not see the hues and for printers.
_COLOURS = {
    "used": "#5b6475",
    "Phase 1": "#1d5fbf",
    "beyond the plan": "#58a3f0",
    "autoscaling": "#a5d0c0",
    "Phase 3": "#f2b84b",
    "free": "#eef1f6",
}
_NAMES = {"cpu": "CPU", "memory": "Memory", "storage": "Storage"}


@dataclass(frozen=True)
class _Segment:
    name: str
    amount: int


def svg(report: Report) -> str:
    """Return the picture; the same figures always make the same text."""
    height = _TOP + _ROW * len(report.lines) + 8
    title = f"Capacity of {report.environment}"
    root = drawing(title, " ".join(f"{_headline(line)}." for line in report.lines), height)
    _rectangle(root, 0, 0, WIDTH, height, "#ffffff", rx="12")
    text(root, _MARGIN, 42, title, size=22, weight="600")
    columns = _columns(report.lines)
    for number, line in enumerate(report.lines):
        _row(root, line, _TOP + number * _ROW, columns)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _row(root: Element, line: Line, top: int, columns: Mapping[str, float]) -> None:
    """Draw one resource: its headline, its bar with the quotas' marks, and the legend below."""
    short = line.limit is not None and _total(line) > line.limit
    text(root, _MARGIN, top + 14, _headline(line), size=15, weight="600", colour=_BAD if short else INK)
    scale = (WIDTH - 2 * _MARGIN) / max(line.limit or 0, line.quota or 0, _total(line), 1)
    y, x = top + 36, float(_MARGIN)
    for segment in _segments(line):
        width = segment.amount * scale
        _rectangle(root, x, y, width, _BAR, _COLOURS[segment.name])
        x += width
    if line.quota is not None and (line.quota != line.limit or short):
        _mark(root, _MARGIN + line.quota * scale, y, f"quota today {rounded(line.resource, line.quota)}", INK)
    if short and line.limit is not None and line.limit != line.quota:
        _mark(root, _MARGIN + line.limit * scale, y, f"requested {rounded(line.resource, line.limit)}", _BAD)
    _legend(root, line, y + _BAR + 22, columns)


def _segments(line: Line) -> Iterator[_Segment]:
    parts = (
        ("used", line.used),
        ("Phase 1", line.new),
        ("beyond the plan", line.beyond),
        ("autoscaling", line.growth),
        ("Phase 3", line.phase_3),
        ("free", (line.limit or 0) - _total(line)),
    )
    return (_Segment(name, amount) for name, amount in parts if amount > 0)


def _total(line: Line) -> int:
    return line.everything + line.growth


def _headline(line: Line) -> str:
    """Return a sentence such as `CPU: 6740m of 10000m requested, 33% free`."""
    total, limit = rounded(line.resource, _total(line)), line.limit
    if limit is None:
        return f"{_NAMES[line.resource]}: {total}, no quota is known"
    which = "requested" if line.requested is not None else "quota"
    rest = limit - _total(line)
    left = f"{percent(line.headroom(_total(line)))} free" if rest >= 0 else f"{rounded(line.resource, -rest)} too much"
    return f"{_NAMES[line.resource]}: {total} of {rounded(line.resource, limit)} {which}, {left}"


def _columns(lines: Iterable[Line]) -> dict[str, float]:
    """Return where each part's legend begins: the same place under every bar, wide enough for the longest figure."""
    widths: dict[str, int] = {}
    for line in lines:
        for segment in _segments(line):
            widths[segment.name] = max(widths.get(segment.name, 0), len(_words(line, segment)))
    x, columns = float(_MARGIN), {}
    for name in _COLOURS:
        if name in widths:
            columns[name] = x
            x += 17 + 7.6 * widths[name] + 20
    return columns


def _words(line: Line, segment: _Segment) -> str:
    return f"{segment.name} {rounded(line.resource, segment.amount)}"


def _legend(root: Element, line: Line, y: int, columns: Mapping[str, float]) -> None:
    """Write what each colour is, with its figure; below the bar, because many segments are too narrow for words."""
    for segment in _segments(line):
        x = columns[segment.name]
        _rectangle(root, x, y - 10, 11, 11, _COLOURS[segment.name], rx="2", stroke="#c3c9d4")
        text(root, x + 17, y, _words(line, segment), size=13, colour=QUIET)


def _mark(root: Element, x: float, y: int, words: str, colour: str) -> None:
    """Draw a dashed line through a bar, and what it stands for beside its head."""
    ends = {"x1": f"{x:.1f}", "x2": f"{x:.1f}", "y1": str(y - 14), "y2": str(y + _BAR + 4)}
    SubElement(root, "line", {**ends, "stroke": "#ffffff", "stroke-width": "4"})  # stands out from a dark bar
    SubElement(root, "line", {**ends, "stroke": colour, "stroke-width": "2", "stroke-dasharray": "4 3"})
    right = x > WIDTH * 0.75
    text(root, x + (-6 if right else 6), y - 4, words, size=12, colour=colour, anchor="end" if right else "start")


def _rectangle(root: Element, x: float, y: float, width: float, height: float, fill: str, **more: str) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    SubElement(root, "rect", {**place, "fill": fill, **more})
