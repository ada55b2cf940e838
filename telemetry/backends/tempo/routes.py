"""The routes of Tempo at the gateway."""

from collections.abc import Iterator

from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.endpoints import HTTP_PORT, TRACES_INGEST, TRACES_QUERY
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP, twin
from telemetry.spec.routes import GET, POST, SEGMENT, Route, Upstream, push, routes_below

_TRACE_SERVICE = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_QUERIES = routes_below(
    "/api/",
    GET,
    "traces_query",
    "read",
    (
        ("traces/", SEGMENT),
        ("v2/traces/", SEGMENT),
        "search",
        "search/tags",
        ("search/tag/", f"{SEGMENT}/values"),
        "v2/search/tags",
        ("v2/search/tag/", f"{SEGMENT}/values"),
        "echo",
        "status/buildinfo",
    ),
    at_gateway="/tempo",
)
# Of the metrics-generator's local-blocks; without them each answers 500.
_METRICS = routes_below(
    "/api/metrics/",
    GET,
    "traces_metrics",
    "read",
    ("query", "query_range", "summary"),
    at_gateway="/tempo",
)

ROUTES = (
    push("/v1/traces", "traces_otlp_http"),
    Route(POST, _TRACE_SERVICE, "traces_otlp_grpc", "write", _TRACE_SERVICE, protocol="grpc"),
    *_QUERIES,
    *_METRICS,
)


def upstreams(context: TempoContext) -> Iterator[Upstream]:
    """Yield where the routes lead."""
    ingest, query = twin(TRACES_INGEST), twin(TRACES_QUERY)
    yield Upstream("traces_otlp_grpc", ingest, OTLP_GRPC)
    yield Upstream("traces_otlp_http", ingest, OTLP_HTTP)
    yield Upstream("traces_query", query, HTTP_PORT)
    if context.settings.makes("local-blocks"):
        yield Upstream("traces_metrics", query, HTTP_PORT, optional=True)
