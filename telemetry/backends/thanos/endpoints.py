"""Where clients find Thanos: within the namespace, or at the gateway where one stands before it."""

from typing import NamedTuple

from telemetry.backends.thanos.context import ThanosContext
from telemetry.spec.datasource import Alertmanager
from telemetry.spec.ports import GatewayAddress, twin

HTTP_PORT = 10_902
"""The port of Thanos' pods that speaks HTTP: the Prometheus API of Query, and everybody's metrics."""
GRPC_PORT = 10_901
"""The port at which stores are queried, and samples handed from the router to ingestors."""
PUSH_PORT = 19_291
"""The port at which Receive takes samples."""
PROMETHEUS_PORT, ALERTMANAGER_PORT, ALERTMANAGER_GOSSIP = 9_090, 9_093, 9_094

THANOS, PROMETHEUS, ALERTMANAGER = "thanos", "prometheus", "alertmanager"
"""The releases."""
QUERY, ROUTER = f"{THANOS}-query", f"{THANOS}-receive-router"
TWINS = {"query": (twin(QUERY), HTTP_PORT), "receive-router": (twin(ROUTER), PUSH_PORT)}
"""Headless Services of ours before roles that the chart gives none, by role, for the gateway and for Prometheus."""
ALERTMANAGER_PODS = f"{ALERTMANAGER}-headless"
PROMETHEUS_PODS = f"{PROMETHEUS}-server-headless"
"""The charts' own."""


class ThanosEndpoints(NamedTuple):
    """Addresses of Thanos."""

    remote_write: str
    otlp_http: str
    query: str
    """The Prometheus API."""


def thanos_endpoints(context: ThanosContext) -> ThanosEndpoints:
    """Return where Thanos is."""
    namespace = context.namespace.name
    pushed = f"http://{ROUTER}.{namespace}.svc:{PUSH_PORT}"
    return ThanosEndpoints(
        remote_write=f"{pushed}/api/v1/receive",
        otlp_http=f"{pushed}/api/v1/otlp",
        query=query_address(context),
    )


def query_address(context: ThanosContext) -> str:
    """Return where Query is."""
    return f"http://{QUERY}.{context.namespace.name}.svc:{HTTP_PORT}"


def gateway_endpoints(gateway: GatewayAddress) -> ThanosEndpoints:
    """Return where Thanos is at the gateway: at the same paths as any metrics backend, so that clients may stay."""
    return ThanosEndpoints(
        remote_write=f"{gateway.url}/api/v1/push",
        otlp_http=f"{gateway.url}/otlp/v1/metrics",
        query=f"{gateway.url}/prometheus",
    )


def admin_endpoints(context: ThanosContext) -> dict[str, str]:
    """Return where Query shows its stores, and Receive its metrics."""
    at = f"http://{{}}.{context.namespace.name}.svc:{HTTP_PORT}".format
    return {"admin": at(QUERY), "router": at(ROUTER)}


def alertmanager(query: str) -> Alertmanager:
    """Return where Grafana finds Alertmanager, given where it queries: at the gateway, or beside Query."""
    if query.endswith("/prometheus"):
        url = f"{query.removesuffix('/prometheus')}/alertmanager"
    else:
        beside = query.replace(f"//{QUERY}.", f"//{ALERTMANAGER}.")
        url = beside.replace(f":{HTTP_PORT}", f":{ALERTMANAGER_PORT}")
    return Alertmanager(url, "prometheus")
