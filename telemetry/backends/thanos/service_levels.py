"""What is promised of requests to Receive and to Query, of all and of each tenant."""

from collections.abc import Iterator

from telemetry.backends.thanos.context import ThanosContext
from telemetry.config.monitoring import Objective
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, TenantIndicator, Tenants, bucket, parts_of, seconds_of

INGEST = 'handler=~"receive|otlp"'
QUERY = 'handler=~"query|query_range|series|label_names|label_values"'
"""Matchers for the handlers that count."""
INGEST_BUCKETS = (0.1, 0.25, 0.5, 1, 3, 5)
QUERY_BUCKETS = (0.1, 0.3, 0.6, 1, 3, 6, 20, 30, 60)
"""Seconds: bounds of the two's histograms, of those at which a promise may be. Sources: `buckets` of
https://github.com/thanos-io/thanos/blob/v0.42.4/pkg/receive/handler.go, and `durationBuckets` of
https://github.com/thanos-io/thanos/blob/v0.42.4/pkg/extprom/http/metrics.go
"""


def indicators(context: ThanosContext) -> Iterator[Indicator]:
    """Yield what is promised of writes and of queries."""
    here, goals = Scope.namespace(context.namespace.name), context.monitoring.objectives
    for slo, title, what, goal, handler, buckets in (
        ("metrics-ingest", "MetricsIngest", "taking samples", goals.metrics_ingest, INGEST, INGEST_BUCKETS),
        ("metrics-query", "MetricsQuery", "answering PromQL", goals.metrics_query, QUERY, QUERY_BUCKETS),
    ):
        measured = measurable(goal, buckets)
        total, good = here.rate("http_requests_total", "5m", handler), _good(here, measured, handler)
        yield Indicator(here, slo, title, what, measured, total, f"{total} - ({good} or vector(0))")


def tenant_indicators(context: ThanosContext, tenants: Tenants) -> Iterator[TenantIndicator]:
    """Yield how many requests with a tenant's samples are taken, and how many of its queries are answered.

    Both are counted by tenant (pkg/extprom/http). A write that fails with 5xx is no loss: senders try again.
    """
    goals = context.monitoring.objectives
    for slo, what, goal, handler, lost in (
        ("metrics-ingest", "requests with samples taken", goals.metrics_ingest, INGEST, "4.."),
        ("metrics-query", "PromQL queries answered", goals.metrics_query, QUERY, "5.."),
    ):
        total = tenants.rate("http_requests_total", "tenant", handler)
        failed = tenants.rate("http_requests_total", "tenant", handler, f'code=~"{lost}"')
        yield TenantIndicator(slo, what, goal, total, parts_of(total, failed))


def measurable(goal: Objective, buckets: tuple[float, ...]) -> Objective:
    """Return what is promised, within the time of the next bound: Thanos' are not those of other backends."""
    if goal.latency is None:
        return goal
    bound = min(each for each in buckets if each >= seconds_of(goal.latency))
    return goal.model_copy(update={"latency": f"{bound:g}s"})


def _good(here: Scope, goal: Objective, handler: str) -> str:
    """Return the requests that went well, and in time."""
    well = 'code!~"5.."'
    if goal.latency is None:
        return here.rate("http_requests_total", "5m", handler, well)
    return here.rate("http_request_duration_seconds_bucket", "5m", handler, well, f'le=~"{bucket(goal.latency)}"')
