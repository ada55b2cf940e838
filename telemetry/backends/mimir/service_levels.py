"""What is promised of Mimir's requests, and of the samples of each tenant."""

from collections.abc import Iterator

from telemetry.backends.mimir.context import MimirContext
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, TenantIndicator, Tenants, of_requests, parts_of

INGEST = 'route=~"api_(v1|prom)_push|otlp_v1_metrics"'
QUERY = 'route=~"(prometheus|api_prom)_api_v1_(query|query_range|query_exemplars|series|labels|label_.+|read)"'
"""Matchers for the routes that count."""
_BY_INGESTERS = (
    "per_user_series_limit|per_metric_series_limit|sample-.+|new-value-for-timestamp|invalid-native-histogram"
    "|labels-not-sorted"
)
"""Reasons of ingesters, each of which counts for itself (Mimir pkg/ingester); others are the distributors'."""


def indicators(context: MimirContext) -> Iterator[Indicator]:
    """Yield what is promised of writes and of queries."""
    here, goals = Scope.namespace(context.namespace.name), context.monitoring.objectives
    yield of_requests(here, "metrics-ingest", "MetricsIngest", "taking samples", goals.metrics_ingest, "cortex", INGEST)
    yield of_requests(here, "metrics-query", "MetricsQuery", "answering PromQL", goals.metrics_query, "cortex", QUERY)


def tenant_indicators(context: MimirContext, tenants: Tenants) -> Iterator[TenantIndicator]:
    """Yield how much of what each tenant sends is kept."""
    received = tenants.rate("cortex_distributor_samples_in_total", "user")
    refused, of_ingesters = (
        tenants.rate("cortex_discarded_samples_total", "user", f'reason{operator}"{_BY_INGESTERS}"')
        for operator in ("!~", "=~")
    )
    bad = parts_of(received, refused, f"{of_ingesters} / {context.settings.replication_factor}")
    goal = context.monitoring.objectives.metrics_ingest
    yield TenantIndicator("metrics-ingest", "samples kept", goal, received, bad)
