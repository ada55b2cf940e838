"""The gateway's names, and the addresses that clients are given."""

from typing import Any

from telemetry.config.gateway import Gateway
from telemetry.spec.ports import OTLP_GRPC, GatewayAddress, absolute
from telemetry.stack import Stack
from telemetry.stack.backends import StackBackend, metrics_first
from telemetry.stack.outside import grafana_is_outside

SERVICE = "gateway"
_HTTPS = 443
"""What all who tell connections apart by their names listen at."""


def host(namespace: str) -> str:
    """Return the gateway's name in the cluster."""
    return f"{SERVICE}.{namespace}.svc"


def hosts(gateway: Gateway, namespace: str, cluster_domain: str) -> list[str]:
    """Return every name by which the gateway is called, which its certificate must have."""
    short = f"{SERVICE}.{namespace}"
    in_cluster = [host(namespace), f"{host(namespace)}.{cluster_domain}", short, SERVICE]
    outside = gateway.expose.names if gateway.expose else ()
    return list(dict.fromkeys([*in_cluster, *gateway.hosts, *outside]))


def client_endpoints(backend: StackBackend) -> Any:
    """Return what others are given for a backend: the gateway's addresses, those from outside where it has any."""
    gateway = backend.stack.gateway
    exposed = gateway.expose if gateway else None
    if exposed is None:
        return cluster_endpoints(backend)
    port = OTLP_GRPC if exposed.kind == "load_balancer" else _HTTPS
    return backend.of.gateway_endpoints(GatewayAddress(f"https://{exposed.hosts.http}", f"{exposed.grpc_host}:{port}"))


def cluster_endpoints(backend: StackBackend) -> Any:
    """Return where pods of the cluster find a backend: at the gateway, or itself where there is no gateway."""
    stack, name = backend.stack, host(backend.stack.namespace.name)
    if stack.gateway is None:
        return backend.endpoints
    return backend.of.gateway_endpoints(GatewayAddress(f"https://{name}", f"{name}:{OTLP_GRPC}"))


def query_urls(stack: Stack) -> dict[str, str]:
    """Return where Grafana queries, by signal: the gateway, from where Grafana is, or the backends themselves."""
    of = client_endpoints if grafana_is_outside(stack) else cluster_endpoints
    return {backend.signal: absolute(stack, of(backend).query) for backend in metrics_first(stack.backends)}
