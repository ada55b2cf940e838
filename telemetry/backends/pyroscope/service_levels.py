"""What is promised of Pyroscope's requests.

Nothing of this was measured. Metric and routes are those of Pyroscope's own dashboards, and of dskit, which makes a
label of a path: https://github.com/grafana/pyroscope/tree/main/operations/monitoring
"""

from collections.abc import Iterator

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, of_requests

INGEST = 'route=~"(pyroscope_)?ingest|push_v1_pusherservice.*"'
QUERY = 'route=~"querier_v1_querierservice.*|pyroscope_(render|label).*"'
"""Matchers for the routes that clients use."""


def indicators(context: PyroscopeContext) -> Iterator[Indicator]:
    """Yield what is promised of profiles that are sent and of queries."""
    here, goals, prefix = Scope.namespace(context.namespace.name), context.monitoring.objectives, "pyroscope"
    for name, what, objective, route in (
        ("Ingest", "taking profiles", goals.profiles_ingest, INGEST),
        ("Query", "answering for profiles", goals.profiles_query, QUERY),
    ):
        yield of_requests(here, f"profiles-{name.lower()}", f"Profiles{name}", what, objective, prefix, route)
