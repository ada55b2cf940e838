"""What is promised of Loki's requests, and of the lines of each tenant."""

from collections.abc import Iterator

from telemetry.backends.loki.context import LokiContext
from telemetry.config.monitoring import Objectives
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, TenantIndicator, Tenants, of_requests, parts_of

INGEST = 'route=~"loki_api_v1_push|otlp_v1_logs"'
QUERY = 'route=~"loki_api_v1_(query|query_range|labels|label_name_values|series|index_.+|detected_.+)"'
"""Matchers for the routes that clients use."""
_BY_WRITERS = "stream_limit|per_stream_rate_limit|too_far_behind"
"""Reasons of writers, each of which counts for itself (Loki pkg/ingester); others are the distributors'."""


def indicators(context: LokiContext) -> Iterator[Indicator]:
    """Return what is promised of lines that are sent and of queries."""
    return indicators_anywhere(Scope.namespace(context.namespace.name), context.monitoring.objectives)


def indicators_anywhere(here: Scope, goals: Objectives) -> Iterator[Indicator]:
    """Yield the same of any Loki, whatever its settings."""
    yield of_requests(here, "logs-ingest", "LogsIngest", "taking lines", goals.logs_ingest, "loki", INGEST)
    yield of_requests(here, "logs-query", "LogsQuery", "answering for logs", goals.logs_query, "loki", QUERY)


def tenant_indicators(context: LokiContext, tenants: Tenants) -> Iterator[TenantIndicator]:
    """Yield how much of what each tenant sends is kept."""
    received = tenants.rate("loki_distributor_lines_received_total", "tenant")
    refused, of_writers = (
        tenants.rate("loki_discarded_samples_total", "tenant", f'reason{operator}"{_BY_WRITERS}"')
        for operator in ("!~", "=~")
    )
    bad = parts_of(received, refused, f"{of_writers} / {context.settings.replication_factor}")
    goal = context.monitoring.objectives.logs_ingest
    yield TenantIndicator("logs-ingest", "lines kept", goal, received, bad)
