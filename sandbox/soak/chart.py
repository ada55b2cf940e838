"""A run as a picture: the memory of each role over time, and when something happened."""

from collections.abc import Sequence

from sandbox.panels import Panel, Time, picture
from sandbox.soak.growth import Memory, Reading
from sandbox.soak.run import Soak

_PANEL = 60
_MI, _HOUR = 1 << 20, 3600
_APART = 5
"""Minutes between two marks."""


def svg(soak: Soak) -> str:
    """Return the picture; the same run always makes the same text."""
    ended = max((each.at for each in soak.readings), default=1.0)
    # Of several signals each has an outcome of the same event.
    strikes = dict.fromkeys((each.begun - soak.begun, each.begun - soak.begun + each.seconds) for each in soak.outcomes)
    time = Time(
        end=ended,
        marks={60.0 * minute: f"{minute} min" for minute in range(0, int(ended // 60) + 1, _APART)},
        shaded=[(max(0.0, begun), min(ended, until)) for begun, until in strikes],
    )
    title = "Memory of the hungriest pod of each role, MiB"
    described = f"{ended / 60:.0f} minutes of writing. Shaded: something was struck or changed, until all was ready."
    return picture(title, described, [_panel(each, soak.readings) for each in soak.memories], time, height=_PANEL)


def _panel(memory: Memory, readings: Sequence[Reading]) -> Panel:
    growth = memory.used
    most: dict[float, float] = {}
    for each in readings:
        if each.role == growth.role:
            most[each.at] = max(most.get(each.at, 0), each.memory)
    title = f"{growth.role}: {memory.verdict}, {growth.slope * _HOUR / _MI:+.1f} MiB an hour"
    return Panel(title, "", {growth.role: [(at, memory / _MI) for at, memory in most.items()]})
