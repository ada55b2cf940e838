"""The routes of Loki at the gateway.

Left out are its rules, its requests to delete lines, `patterns`, which no pattern-ingester of ours answers, and
`tail`, which is a WebSocket that outlives a credential.
"""

from collections.abc import Iterator

from telemetry.backends.loki.context import LokiContext
from telemetry.backends.loki.endpoints import HTTP_PORT
from telemetry.backends.loki.values import service
from telemetry.spec.routes import QUERY, SEGMENT, Upstream, push, routes_below

REQUEST_HEADERS = ("X-Loki-Response-Encoding-Flags",)
"""What says how to write the answer. Loki obeys others too, such as X-Loki-Disable-Pipeline-Wrappers."""
_QUERIES = routes_below(
    "/loki/api/v1/",
    QUERY,
    "logs_query",
    "read",
    (
        "query",
        "query_range",
        "labels",
        ("label/", f"{SEGMENT}/values"),
        "series",
        "index/stats",
        "index/volume",
        "index/volume_range",
        "detected_labels",
        "detected_fields",
        ("detected_field/", f"{SEGMENT}/values"),
        "format_query",
        "drilldown-limits",
        "status/buildinfo",
    ),
)

ROUTES = (
    push("/v1/logs", "logs_push", "/otlp/v1/logs"),
    push("/otlp/v1/logs", "logs_push"),
    push("/loki/api/v1/push", "logs_push"),
    *_QUERIES,
)


def upstreams(context: LokiContext) -> Iterator[Upstream]:
    """Yield where the routes lead."""
    for name, role in (("logs_push", "write"), ("logs_query", "read")):
        yield Upstream(name, service(context.settings.topology, role, headless=True), HTTP_PORT, optional=True)
