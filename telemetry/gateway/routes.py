"""What the gateway offers, as data. A path that is not in this table is answered with 404.

So nobody outside reaches a backend's `/flush`, `/shutdown`, `/config`, `/metrics`, ring or debug pages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Access = Literal["read", "write", "admin"]
Protocol = Literal["http", "grpc"]

SEGMENT = r"(?:[\w.~!$&'()*+,:@=-]|%[0-9A-Fa-f]{2})+"
"""One segment of a path as a client sends it (RFC 3986, 3.3, but for the semicolon, which some servers split at)."""

_GET, _POST, _QUERY, _ALL = ("GET",), ("POST",), ("GET", "POST"), ("GET", "POST", "DELETE")


@dataclass(frozen=True)
class Route:
    """A path, and where it leads."""

    methods: tuple[str, ...]
    path: str
    """The whole path where `rest` is empty; else its beginning, up to a slash."""
    backend: str
    """A field of gateway.nginx.Upstreams."""
    access: Access
    """What a credential must be allowed to do with the route's signal."""
    target: str
    """What stands in place of `path` at the backend."""
    rest: str = ""
    """Regular expression of what follows `path`, as the client encodes it; it reaches the backend unchanged."""
    protocol: Protocol = "http"
    pushes: bool = False
    """Whether it brings telemetry: such a request is read as a whole before a backend hears of it."""

    @property
    def scope(self) -> str:
        """What a credential needs (settings.tenants.Scopes): `metrics:read`."""
        return f"{self.backend.partition('_')[0]}:{self.access}"


def _routes(
    methods: tuple[str, ...],
    backend: str,
    access: Access,
    paths: Iterable[str | tuple[str, str]],
    *,
    own: str = "",
    prefix: str = "",
) -> tuple[Route, ...]:
    """Return routes for paths, or for (path, rest), below a prefix; `own` stands before it at the gateway only."""
    pairs = (each if isinstance(each, tuple) else (each, "") for each in paths)
    return tuple(
        Route(methods, f"{own}{prefix}{path}", backend, access, f"{prefix}{path}", rest) for path, rest in pairs
    )


_PUSH = (
    Route(_POST, "/v1/traces", "traces_otlp_http", "write", "/v1/traces", pushes=True),
    Route(_POST, "/v1/metrics", "metrics_push", "write", "/otlp/v1/metrics", pushes=True),
    Route(_POST, "/otlp/v1/metrics", "metrics_push", "write", "/otlp/v1/metrics", pushes=True),
    Route(_POST, "/api/v1/push", "metrics_push", "write", "/api/v1/push", pushes=True),
    Route(_POST, "/v1/logs", "logs_push", "write", "/otlp/v1/logs", pushes=True),
    Route(_POST, "/otlp/v1/logs", "logs_push", "write", "/otlp/v1/logs", pushes=True),
    Route(_POST, "/loki/api/v1/push", "logs_push", "write", "/loki/api/v1/push", pushes=True),
    Route(_POST, "/ingest", "profiles_push", "write", "/ingest", pushes=True),
    Route(_POST, "/push.v1.PusherService/Push", "profiles_push", "write", "/push.v1.PusherService/Push", pushes=True),
)
_TRACE_SERVICE = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_GRPC = (Route(_POST, _TRACE_SERVICE, "traces_otlp_grpc", "write", _TRACE_SERVICE, protocol="grpc"),)

_PROMETHEUS = _routes(
    _QUERY,
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
    prefix="/prometheus/api/v1/",
)
_RULES = (
    *_routes(_GET, "metrics_rules", "read", ("rules", "alerts"), prefix="/prometheus/api/v1/"),
    *_routes(
        _ALL,
        "metrics_rules",
        "admin",
        ("rules", ("rules/", f"{SEGMENT}(?:/{SEGMENT})?")),  # a namespace, a group in it
        prefix="/prometheus/config/v1/",
    ),
)
# All of it, for its configuration has passwords of receivers in it, and a silence hides an alert.
_ALERTMANAGER = (
    *_routes(
        _ALL,
        "metrics_alertmanager",
        "admin",
        ("status", "receivers", "alerts", "alerts/groups", "silences", ("silence/", SEGMENT)),
        prefix="/alertmanager/api/v2/",
    ),
    Route(_ALL, "/api/v1/alerts", "metrics_alertmanager", "admin", "/api/v1/alerts"),
)
_TEMPO = _routes(
    _GET,
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
    own="/tempo",
    prefix="/api/",
)
# Of the metrics-generator's local-blocks; without them each answers 500.
_TEMPO_METRICS = _routes(
    _GET,
    "traces_metrics",
    "read",
    ("query", "query_range", "summary"),
    own="/tempo",
    prefix="/api/metrics/",
)
# Not its rules, its requests to delete lines, `patterns`, which no pattern-ingester of ours answers, and `tail`, which
# is a WebSocket that outlives a credential.
_LOKI = _routes(
    _QUERY,
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
    prefix="/loki/api/v1/",
)
# Connect, which is a POST over HTTP; every method of this service reads (api/querier/v1/querier.proto).
_PYROSCOPE = _routes(_POST, "profiles_query", "read", (("", SEGMENT),), prefix="/querier.v1.QuerierService/")

ROUTES: tuple[Route, ...] = (
    *_PUSH,
    *_GRPC,
    *_PROMETHEUS,
    *_RULES,
    *_ALERTMANAGER,
    *_TEMPO,
    *_TEMPO_METRICS,
    *_LOKI,
    *_PYROSCOPE,
)
"""Every route; no path stands in it twice, and no path with a rest is the beginning of another."""
