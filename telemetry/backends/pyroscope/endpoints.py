"""Where clients find Pyroscope: within the namespace, or at the gateway where one stands before it."""

from typing import NamedTuple

from telemetry.backends.pyroscope import values as pyroscope
from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.spec.ports import GatewayAddress
from telemetry.spec.values.transport import scheme

HTTP_PORT = 4040
"""The port of its pods that speaks HTTP."""


class PyroscopeEndpoints(NamedTuple):
    """Addresses of Pyroscope."""

    push: str
    """What `/ingest` and `/push.v1.PusherService/Push` are below, as Pyroscope's SDKs and Alloy want it."""
    query: str
    """What `/querier.v1.QuerierService/…` is below."""


def pyroscope_endpoints(context: PyroscopeContext) -> PyroscopeEndpoints:
    """Return where Pyroscope is: the Services of its chart."""
    protocol, namespace = scheme(context), context.namespace.name
    push, query = (
        f"{protocol}://{pyroscope.service(context.settings.topology, role)}.{namespace}.svc:{HTTP_PORT}"
        for role in ("distributor", "query-frontend")
    )
    return PyroscopeEndpoints(push=push, query=query)


def gateway_endpoints(gateway: GatewayAddress) -> PyroscopeEndpoints:
    """Return where Pyroscope is at the gateway."""
    return PyroscopeEndpoints(push=gateway.url, query=gateway.url)
