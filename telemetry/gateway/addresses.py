"""The gateway's names, and the addresses that clients are given."""

from typing import Any

from telemetry.config.gateway import Gateway
from telemetry.spec.ports import absolute
from telemetry.stack import Stack
from telemetry.stack.backends import StackBackend, metrics_first

SERVICE = "gateway"


def host(namespace: str) -> str:
    """Return the gateway's name in the cluster."""
    return f"{SERVICE}.{namespace}.svc"


def hosts(gateway: Gateway, namespace: str, cluster_domain: str) -> list[str]:
    """Return every name by which the gateway is called, which its certificate must have."""
    short = f"{SERVICE}.{namespace}"
    in_cluster = [host(namespace), f"{host(namespace)}.{cluster_domain}", short, SERVICE]
    return [*in_cluster, *(each for each in gateway.hosts if each not in in_cluster)]


def client_endpoints(backend: StackBackend) -> Any:
    """Return what clients are given for a backend: the gateway's addresses, or its own where there is no gateway."""
    stack = backend.stack
    return backend.endpoints if stack.gateway is None else backend.of.gateway_endpoints(host(stack.namespace.name))


def query_urls(stack: Stack) -> dict[str, str]:
    """Return where Grafana queries, by signal: the gateway, or the backends themselves."""
    backends = metrics_first(stack.backends)
    return {backend.signal: absolute(stack, client_endpoints(backend).query) for backend in backends}
