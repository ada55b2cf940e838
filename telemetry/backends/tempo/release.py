"""Tempo's releases: one in each topology, two while it moves from one to the other."""

from collections.abc import Callable, Iterator, Mapping

from telemetry.backends.tempo import values_distributed, values_monolithic
from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.roles import TEMPO_TABLES
from telemetry.backends.tempo.settings import Topology
from telemetry.config.roles import Role
from telemetry.spec.backend import SizedRelease
from telemetry.spec.release import Release
from telemetry.spec.scaling import autoscaler, disruption_budget
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
            tuple(_added(TEMPO[shape.topology], shape.roles)),
            overlay=shape.values,
            section="traces" if shape is context.settings else "traces.moving_from",
        )


def _added(release: str, roles: Mapping[str, Role]) -> Iterator[Values]:
    """Yield the autoscalers of roles that scale by other metrics than CPU, and the budgets that the chart leaves out.

    Under names that are not the chart's own, which come back before these go.
    """
    for name, role in roles.items():
        if role.autoscaling is not None and values_distributed.scales_by_metrics(role):
            deployment = f"{release}-{name}"
            own = f"{deployment}-by-metrics"
            yield autoscaler(deployment, role.autoscaling, name=own)
            yield disruption_budget(own, values_distributed.pod_labels(release, name))


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
