"""The last runs of all backends beside each other, for docs/load.md."""

from collections.abc import Callable, Iterable
from pathlib import Path

from sandbox.load.backend import Backend
from sandbox.load.plan import SHAPES
from sandbox.marked import with_table
from telemetry.spec.measured import Figures

_MARKS = "<!-- load beside: written by make load -->", "<!-- end of load beside -->"
_FIGURES: dict[str, tuple[Callable[[Figures], float], str]] = {
    "samples a second carried": (lambda each: each.samples_per_second, "{:,.0f}"),
    "samples for each second of CPU": (lambda each: each.samples_per_cpu_second, "{:,.0f}"),
    "KiB of memory for each series and copy": (lambda each: each.bytes_per_series / 1024, "{:.1f}"),
}


def write(backends: Iterable[Backend], page: Path) -> None:
    """Put the table into the page: of each shape that all of them were measured in, others held against the first."""
    every = {backend.title: backend.measurements.figures() for backend in backends}
    first, *others = every
    rows = [
        _row(f"`{shape}`: {what}", of, text, [found[copies] for found in every.values()])
        for copies, shape in SHAPES.items()
        if all(copies in found for found in every.values())
        for what, (of, text) in _FIGURES.items()
    ]
    headings = ("Shape and figure", *every, *(f"{other} to {first}" for other in others))
    runs = [
        f"- {title}, {SHAPES[copies]}'s shape: {each.where}."
        for title, found in every.items()
        for copies, each in found.items()
    ]
    below = "\n".join(("The runs:\n", *runs))
    page.write_text(with_table(page.read_text(), _MARKS, headings, rows, [row[0] for row in rows], below))


def _row(name: str, of: Callable[[Figures], float], text: str, runs: list[Figures]) -> tuple[str, ...]:
    values = [of(each) for each in runs]
    ratios = (f"{value / values[0]:.2f}x" for value in values[1:])
    return (name, *(text.format(value) for value in values), *ratios)
