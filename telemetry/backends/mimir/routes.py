"""The routes of Mimir at the gateway."""

from collections.abc import Iterator

from telemetry.backends.mimir.context import MimirContext
from telemetry.backends.mimir.endpoints import HTTP_PORT, METRICS_TWINS
from telemetry.backends.mimir.values import RELEASE
from telemetry.spec.routes import ANY, GET, QUERY, SEGMENT, Route, Upstream, push, routes_below

REQUEST_HEADERS = ("X-Prometheus-Remote-Write-Version",)
"""What says how to read a body. Mimir obeys others too, such as Cache-Control and X-Read-Consistency."""
_PROMETHEUS = routes_below(
    "/prometheus/api/v1/",
    QUERY,
    "metrics_query",
    "read",
    (
        "query",
        "query_range",
        "query_exemplars",
        "format_query",
        "series",
        "labels",
        ("label/", f"{SEGMENT}/values"),
        "metadata",
        "read",
        "cardinality/label_names",
        "cardinality/label_values",
        "cardinality/active_series",
        "cardinality/active_native_histogram_metrics",
        "status/buildinfo",
    ),
)
_RULES = (
    *routes_below("/prometheus/api/v1/", GET, "metrics_rules", "read", ("rules", "alerts")),
    *routes_below(
        "/prometheus/config/v1/",
        ANY,
        "metrics_rules",
        "admin",
        ("rules", ("rules/", f"{SEGMENT}(?:/{SEGMENT})?")),  # a namespace, a group in it
    ),
)
# A silence hides an alert; the configuration has passwords of receivers in it besides.
_ALERTMANAGER = (
    *routes_below(
        "/alertmanager/api/v2/",
        ANY,
        "metrics_alertmanager",
        "alerts",
        ("status", "receivers", "alerts", "alerts/groups", "silences", ("silence/", SEGMENT)),
    ),
    Route(ANY, "/api/v1/alerts", "metrics_alertmanager", "admin", "/api/v1/alerts"),
)

ROUTES = (
    push("/v1/metrics", "metrics_push", "/otlp/v1/metrics"),
    push("/otlp/v1/metrics", "metrics_push"),
    push("/api/v1/push", "metrics_push"),
    *_PROMETHEUS,
    *_RULES,
    *_ALERTMANAGER,
)


def upstreams(_: MimirContext) -> Iterator[Upstream]:
    """Yield where the routes lead."""
    yield Upstream("metrics_push", f"{RELEASE}-distributor-headless", HTTP_PORT)
    yield Upstream("metrics_query", METRICS_TWINS["query-frontend"], HTTP_PORT)
    yield Upstream("metrics_rules", METRICS_TWINS["ruler"], HTTP_PORT)
    yield Upstream("metrics_alertmanager", METRICS_TWINS["alertmanager"], HTTP_PORT)
