"""Tempo's releases: one in each topology, two while it moves from one to the other."""

from collections.abc import Callable, Iterator

from telemetry.backends.tempo import values_distributed, values_monolithic
from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.roles import TEMPO_TABLES
from telemetry.backends.tempo.settings import Topology
from telemetry.spec.backend import SizedRelease
from telemetry.spec.release import Release
from telemetry.spec.values.common import Values

TEMPO: dict[Topology, str] = {"monolithic": "tempo", "distributed": "tempo-distributed"}
"""The release of each topology. Two names, so that during a move both are there."""
_VALUES: dict[Topology, Callable[..., Values]] = {
    "monolithic": values_monolithic.values,
    "distributed": values_distributed.values,
}


def releases(context: TempoContext) -> Iterator[Release]:
    """Yield Tempo in the shape that is wanted, then in the one that is being moved away from."""
    for shape in context.settings.shapes:
        yield Release(
            TEMPO[shape.topology],
            shape.chart,
            _VALUES[shape.topology](context, shape),
            shape.roles,
            overlay=shape.values,
            section="traces" if shape is context.settings else "traces.moving_from",
        )


def sizes(context: TempoContext) -> Iterator[SizedRelease]:
    """Yield the sizes of each release."""
    new, old = context.settings, context.settings.moving_from
    yield SizedRelease("Tempo", "telemetry:traces.roles", new.roles, TEMPO_TABLES[new.topology])
    if old is not None:
        yield SizedRelease(
            "Tempo (old)",
            "telemetry:traces.moving_from.roles",
            old.roles,
            TEMPO_TABLES[old.topology],
            leaving=True,
            note="Tempo (old): the release that is being moved away from; it goes with `traces.moving_from`.",
        )
