"""The routes of Thanos at the gateway.

Query enforces tenancy by rewriting selectors; it does so for these paths alone (pkg/api/query/v1.go), so no other is
offered: not exemplars, metadata, rules, alerts, targets or stores.
"""

from collections.abc import Iterator

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.endpoints import ALERTMANAGER_PODS, ALERTMANAGER_PORT, TWINS
from telemetry.spec.routes import ANY, POST, QUERY, SEGMENT, Route, Upstream

REQUEST_HEADERS = ("X-Prometheus-Remote-Write-Version",)
"""What says how to read a body. Receive would obey a sender who says which tenant or replica it is, too."""
_UNREAD = r"io\.prometheus\.write\.v2"
"""Remote-write 2.0, which Receive 0.42 takes for an empty request of 1.0 and confirms."""
_AT_GATEWAY, _AT_QUERY = "/prometheus/api/v1/", "/api/v1/"


def _push(path: str, target: str, unread: str = "") -> Route:
    return Route(POST, path, "metrics_push", "write", target, pushes=True, unread=unread)


def _query(path: str, rest: str = "") -> Route:
    return Route(QUERY, f"{_AT_GATEWAY}{path}", "metrics_query", "read", f"{_AT_QUERY}{path}", rest)


def _alertmanager(path: str, rest: str = "") -> Route:
    return Route(ANY, f"/alertmanager/api/v2/{path}", "metrics_alertmanager", "alerts", f"/api/v2/{path}", rest)


ROUTES = (
    _push("/v1/metrics", "/api/v1/otlp"),
    _push("/otlp/v1/metrics", "/api/v1/otlp"),
    _push("/api/v1/push", "/api/v1/receive", _UNREAD),
    *map(_query, ("query", "query_range", "series", "labels", "status/buildinfo")),
    _query("label/", f"{SEGMENT}/values"),
    # There is one Alertmanager for all: whoever has the scope sees and silences the alerts of the whole platform.
    *map(_alertmanager, ("status", "receivers", "alerts", "alerts/groups", "silences")),
    _alertmanager("silence/", SEGMENT),
)


def upstreams(_: ThanosContext) -> Iterator[Upstream]:
    """Yield where the routes lead."""
    yield Upstream("metrics_push", *TWINS["receive-router"])
    yield Upstream("metrics_query", *TWINS["query"])
    yield Upstream("metrics_alertmanager", ALERTMANAGER_PODS, ALERTMANAGER_PORT)
