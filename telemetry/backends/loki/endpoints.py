"""Where clients find Loki: within the namespace, or at the gateway where one stands before it."""

from typing import NamedTuple

from telemetry.backends.loki import values as loki
from telemetry.backends.loki.context import LokiContext
from telemetry.spec.ports import GatewayAddress
from telemetry.spec.values.transport import scheme

HTTP_PORT = 3100
"""The port of its pods that speaks HTTP."""


class LokiEndpoints(NamedTuple):
    """Addresses of Loki."""

    push: str
    """Loki's own protocol."""
    otlp_http: str
    query: str
    """What Loki's API, `/loki/api/v1/…`, is below."""


def loki_endpoints(context: LokiContext) -> LokiEndpoints:
    """Return where Loki is: the Services of its chart."""
    protocol, namespace = scheme(context), context.namespace.name
    write, read = (
        f"{protocol}://{loki.service(context.settings.topology, role)}.{namespace}.svc:{HTTP_PORT}"
        for role in ("write", "read")
    )
    return LokiEndpoints(push=f"{write}/loki/api/v1/push", otlp_http=f"{write}/otlp/v1/logs", query=read)


def gateway_endpoints(gateway: GatewayAddress) -> LokiEndpoints:
    """Return where Loki is at the gateway."""
    return LokiEndpoints(
        push=f"{gateway.url}/loki/api/v1/push", otlp_http=f"{gateway.url}/otlp/v1/logs", query=gateway.url
    )


def admin_endpoints(context: LokiContext) -> dict[str, str]:
    """Return where Loki shows its ring."""
    writers = loki.service(context.settings.topology, "write")
    return {"ring": f"{scheme(context)}://{writers}.{context.namespace.name}.svc:{HTTP_PORT}"}
