"""What a dashboard is, before it is written as Grafana reads it."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["short", "reqps", "cps", "Bps", "bytes", "percentunit", "s"]
"""Grafana's units: a plain number, requests, counts and bytes per second, bytes, a part of 1, seconds."""
Kind = Literal["timeseries", "stat"]
WINDOW = "$__rate_interval"
"""What Grafana takes for the window of a rate: four scrapes at least."""


@dataclass(frozen=True)
class Query:
    """PromQL, and how the series that it gives are called."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A panel."""

    title: str
    description: str
    """What it shows and when to worry; shown where the pointer is."""
    unit: Unit
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    width: int = 8
    """Of 24; the widths of a row must fill lines of 24."""
    bad_above: float | None = None
    """What is above is drawn in red."""
    bad_below: float | None = None
    """What is below is drawn in red."""


@dataclass(frozen=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """What a reader may choose. `$name` in a query is what was chosen: of several, as a regular expression."""

    name: str
    label: str
    values: tuple[str, ...]
    several: bool = False
    """Whether several may be chosen at once; at first, all are."""


@dataclass(frozen=True)
class Dashboard:
    """A dashboard."""

    slug: str
    """How its uid ends."""
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()


def panel(title: str, unit: Unit, description: str, *queries: tuple[str, str]) -> Panel:
    """Return lines over time; queries are PromQL and legend."""
    return Panel(title, description, unit, tuple(Query(*each) for each in queries))
