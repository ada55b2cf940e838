"""Where clients find Tempo: within the namespace, or at the gateway where one stands before it."""

from typing import NamedTuple

from telemetry.backends.tempo.context import TempoContext
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP, GatewayAddress
from telemetry.spec.values.transport import scheme

HTTP_PORT = 3200
"""The port of its pods that speaks HTTP."""
TRACES_INGEST, TRACES_QUERY = "traces-ingest", "traces-query"
"""Our own Services before Tempo, the same in both topologies."""


class TempoEndpoints(NamedTuple):
    """Addresses of Tempo."""

    otlp_grpc: str
    """`host:port`."""
    otlp_http: str
    query: str


def tempo_endpoints(context: TempoContext) -> TempoEndpoints:
    """Return where Tempo is."""
    namespace, protocol = context.namespace.name, scheme(context)
    return TempoEndpoints(
        otlp_grpc=f"{TRACES_INGEST}.{namespace}.svc:{OTLP_GRPC}",
        otlp_http=f"{protocol}://{TRACES_INGEST}.{namespace}.svc:{OTLP_HTTP}/v1/traces",
        query=f"{protocol}://{TRACES_QUERY}.{namespace}.svc:{HTTP_PORT}",
    )


def gateway_endpoints(gateway: GatewayAddress) -> TempoEndpoints:
    """Return where Tempo is at the gateway."""
    return TempoEndpoints(otlp_grpc=gateway.grpc, otlp_http=f"{gateway.url}/v1/traces", query=f"{gateway.url}/tempo")


def admin_endpoints(context: TempoContext) -> dict[str, str]:
    """Return where Tempo shows limits and, at a distributor, its ring."""
    at = f"{scheme(context)}://{{}}.{context.namespace.name}.svc:{HTTP_PORT}".format
    apart = context.settings.topology == "distributed"
    return {"admin": at(TRACES_QUERY), "ring": at("tempo-distributed-distributor" if apart else TRACES_QUERY)}
