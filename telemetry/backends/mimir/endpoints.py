"""Where clients find Mimir: within the namespace, or at the gateway where one stands before it."""

from typing import NamedTuple

from telemetry.backends.mimir import values as mimir
from telemetry.backends.mimir.context import MimirContext
from telemetry.spec.datasource import Alertmanager
from telemetry.spec.ports import GatewayAddress, twin
from telemetry.spec.values.transport import scheme

HTTP_PORT = 8080
"""The port of its pods that speaks HTTP."""
METRICS_TWINS = {role: twin(f"{mimir.RELEASE}-{role}") for role in ("query-frontend", "ruler", "alertmanager")}
"""Headless Services of ours before roles of Mimir, where its chart has none, or one for pods that are not ready too."""


class MimirEndpoints(NamedTuple):
    """Addresses of Mimir."""

    remote_write: str
    otlp_http: str
    query: str
    """The Prometheus API."""


def mimir_endpoints(context: MimirContext) -> MimirEndpoints:
    """Return where Mimir is: its chart's gateway, or the roles behind it where ours takes its place."""
    namespace = context.namespace.name
    if context.gateway is None:
        writes = reads = f"http://{mimir.RELEASE}-gateway.{namespace}.svc"
    else:
        own = f"{scheme(context)}://{mimir.RELEASE}"
        writes, reads = (f"{own}-{role}.{namespace}.svc:{HTTP_PORT}" for role in ("distributor", "query-frontend"))
    return MimirEndpoints(
        remote_write=f"{writes}/api/v1/push", otlp_http=f"{writes}/otlp/v1/metrics", query=f"{reads}/prometheus"
    )


def gateway_endpoints(gateway: GatewayAddress) -> MimirEndpoints:
    """Return where Mimir is at the gateway."""
    return MimirEndpoints(
        remote_write=f"{gateway.url}/api/v1/push",
        otlp_http=f"{gateway.url}/otlp/v1/metrics",
        query=f"{gateway.url}/prometheus",
    )


def alertmanager(query: str) -> Alertmanager:
    """Return where Grafana finds Mimir's Alertmanager: what it asks begins with /alertmanager or /api/v1/alerts."""
    return Alertmanager(query.removesuffix("/prometheus"), "mimir")


def alerting_of_tenants(context: MimirContext) -> str:
    """Return where Mimir's Alertmanager lists what tenants have loaded, which our gateway does not offer."""
    if context.gateway is None:
        at = f"http://{mimir.RELEASE}-gateway.{context.namespace.name}.svc"
    else:
        at = f"{scheme(context)}://{METRICS_TWINS['alertmanager']}.{context.namespace.name}.svc:{HTTP_PORT}"
    return f"{at}/multitenant_alertmanager/configs"


def admin_endpoints(context: MimirContext) -> dict[str, str]:
    """Return where Mimir shows limits and ring, and where ingesters flush."""
    at = f"{scheme(context)}://{{}}.{context.namespace.name}.svc:{HTTP_PORT}".format
    return {"admin": at(f"{mimir.RELEASE}-distributor"), "flush": at(f"{mimir.RELEASE}-ingester")}
