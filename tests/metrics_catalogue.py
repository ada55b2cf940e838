"""The metrics that rules and dashboards may name: what the pinned versions export, from the lists in metrics/."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_LISTS = Path(__file__).parent / "metrics"
_SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("", "_count", "_sum")}
_SELECTED = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{")
_STRINGS = re.compile(r'"[^"]*"')


@cache
def series() -> frozenset[str]:
    """Return the names of all series that the listed metrics give; a histogram gives three."""
    lines = [line.split() for each in _LISTS.glob("*.txt") for line in each.read_text().splitlines()]
    listed = [(line[0], line[1]) for line in lines if line and line[0] != "#"]
    return frozenset(name + suffix for name, kind in listed for suffix in _SUFFIXES.get(kind, ("",)))


def named_in(expr: str) -> set[str]:
    """Return the metrics that an expression selects; ours always have braces (telemetry/spec/promql.py)."""
    return set(_SELECTED.findall(_STRINGS.sub('""', expr)))


def unknown_in(expr: str, recorded: Iterable[str] = ()) -> set[str]:
    """Return the metrics of an expression that nobody exports and no rule records."""
    return named_in(expr) - series() - set(recorded)
