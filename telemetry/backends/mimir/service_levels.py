"""What is promised of Mimir's requests."""

from collections.abc import Iterator

from telemetry.backends.mimir.context import MimirContext
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, of_requests

INGEST = 'route=~"api_(v1|prom)_push|otlp_v1_metrics"'
QUERY = 'route=~"(prometheus|api_prom)_api_v1_(query|query_range|query_exemplars|series|labels|label_.+|read)"'
"""Matchers for the routes that count."""


def indicators(context: MimirContext) -> Iterator[Indicator]:
    """Yield what is promised of writes and of queries."""
    here, goals = Scope.namespace(context.namespace.name), context.monitoring.objectives
    yield of_requests(here, "metrics-ingest", "MetricsIngest", "taking samples", goals.metrics_ingest, "cortex", INGEST)
    yield of_requests(here, "metrics-query", "MetricsQuery", "answering PromQL", goals.metrics_query, "cortex", QUERY)
