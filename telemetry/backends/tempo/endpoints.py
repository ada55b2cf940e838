"""Where Tempo is within the namespace; clients are given these only where no gateway stands before it."""

from typing import NamedTuple

from telemetry.backends.tempo.context import TempoContext
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP, TEMPO_HTTP
from telemetry.spec.values.transport import scheme

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
        query=f"{protocol}://{TRACES_QUERY}.{namespace}.svc:{TEMPO_HTTP}",
    )


def admin_endpoints(context: TempoContext) -> dict[str, str]:
    """Return where Tempo shows limits and, at a distributor, its ring."""
    at = f"{scheme(context)}://{{}}.{context.namespace.name}.svc:{TEMPO_HTTP}".format
    apart = context.settings.topology == "distributed"
    return {"admin": at(TRACES_QUERY), "ring": at("tempo-distributed-distributor" if apart else TRACES_QUERY)}
