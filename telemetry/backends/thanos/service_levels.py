"""What is promised of requests to Receive and to Query, of all and of each tenant."""

from collections.abc import Iterator

from telemetry.backends.thanos.context import ThanosContext
from telemetry.config.monitoring import Objective
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, TenantIndicator, Tenants, parts_of

INGEST = 'handler=~"receive|otlp"'
QUERY = 'handler=~"query|query_range|series|label_names|label_values"'
"""Matchers for the handlers that count."""
_INGEST_BUCKETS = (0.1, 0.25, 0.5, 1, 5)
_QUERY_BUCKETS = (0.1, 0.3, 0.6, 1, 3, 6, 9, 20, 30, 60)
"""Seconds: bounds of their histograms, of those at which a promise may be (pkg/receive, pkg/extprom/http)."""


def indicators(context: ThanosContext) -> Iterator[Indicator]:
    """Yield what is promised of writes and of queries."""
    here, goals = Scope.namespace(context.namespace.name), context.monitoring.objectives
    for slo, title, what, goal, handler, buckets in (
        ("metrics-ingest", "MetricsIngest", "taking samples", goals.metrics_ingest, INGEST, _INGEST_BUCKETS),
        ("metrics-query", "MetricsQuery", "answering PromQL", goals.metrics_query, QUERY, _QUERY_BUCKETS),
    ):
        total = here.rate("http_requests_total", "5m", handler)
        good = _good(here, goal, handler, buckets)
        yield Indicator(here, slo, title, what, goal, total, f"{total} - ({good} or vector(0))")


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


def _good(here: Scope, goal: Objective, handler: str, buckets: tuple[float, ...]) -> str:
    """Return the requests that went well, in the time of the next bound: Thanos' are not those of other backends."""
    well = 'code!~"5.."'
    if goal.latency is None:
        return here.rate("http_requests_total", "5m", handler, well)
    text = goal.latency
    seconds = float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])
    bound = next((each for each in buckets if each >= seconds), buckets[-1])
    written = f"{bound:g}"
    pattern = written.replace(".", "[.]") if "." in written else f"{written}([.]0)?"
    return here.rate("http_request_duration_seconds_bucket", "5m", handler, well, f'le=~"{pattern}"')
