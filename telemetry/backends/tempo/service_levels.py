"""What is promised of Tempo's requests, and of the spans and queries of each tenant."""

from collections.abc import Iterator

from telemetry.backends.tempo.context import TempoContext
from telemetry.config.monitoring import Objective
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, TenantIndicator, Tenants, of_requests, parts_of

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
    return Indicator(here, "traces-ingest", "TracesIngest", "taking spans", objective, total, bad)


def tenant_indicators(context: TempoContext, tenants: Tenants) -> Iterator[TenantIndicator]:
    """Yield how much of what each tenant sends is kept, and how many of its queries are answered.

    Tempo counts spans as received once they are within the rate (modules/distributor/distributor.go). Queries have no
    time here: all that did not fail is within Tempo's own SLO, which is given no time (modules/frontend/slos.go).
    """
    goals, dropped = context.monitoring.objectives, "tempo_discarded_spans_total"
    taken = tenants.rate("tempo_distributor_spans_received_total", "tenant")
    limited = tenants.rate(dropped, "tenant", 'reason="rate_limited"')
    total = f"({taken} + {parts_of(taken, limited)} or {limited})"
    bad = parts_of(total, tenants.rate(dropped, "tenant"))
    yield TenantIndicator("traces-ingest", "spans kept", goals.traces_ingest, total, bad)
    asked, well = (tenants.rate(f"tempo_query_frontend_queries_{each}total", "tenant") for each in ("", "within_slo_"))
    failed = f"{asked} - ({parts_of(asked, well)})"
    yield TenantIndicator("traces-query", "queries of traces answered", goals.traces_query, asked, failed)
