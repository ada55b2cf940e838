"""What is promised of Tempo's requests."""

from collections.abc import Iterator

from telemetry.backends.tempo.context import TempoContext
from telemetry.config.monitoring import Objective
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, of_requests

QUERY = 'route=~"api_(v2_)?(traces|search|metrics).*"'
"""Matcher for the routes that count."""


def indicators(context: TempoContext) -> Iterator[Indicator]:
    """Yield what is promised of spans that are sent and of queries."""
    here, goals = Scope.namespace(context.namespace.name), context.monitoring.objectives
    yield _of_spans(here, goals.traces_ingest)
    yield of_requests(here, "traces-query", "TracesQuery", "answering for traces", goals.traces_query, "tempo", QUERY)


def _of_spans(here: Scope, objective: Objective) -> Indicator:
    """Return Tempo's ingest. Its receivers count spans, and refuse those that are beyond a rate as well."""
    taken, refused = (here.rate(f"tempo_receiver_{each}_spans", "5m") for each in ("accepted", "refused"))
    limited = here.rate("tempo_discarded_spans_total", "5m", 'reason="rate_limited"')
    bad = f"clamp_min(({refused} or vector(0)) - ({limited} or vector(0)), 0)"
    total = f"({taken} or vector(0)) + {bad}"
    return Indicator("traces-ingest", "TracesIngest", "taking spans", objective, total, bad)
