"""Where the gateway is reached: its names, and the addresses that clients are given."""

from typing import NamedTuple

from telemetry.backends.loki.endpoints import LokiEndpoints, loki_endpoints
from telemetry.backends.pyroscope.endpoints import PyroscopeEndpoints, pyroscope_endpoints
from telemetry.config.gateway import Gateway
from telemetry.spec import ports as addresses
from telemetry.stack import Stack

SERVICE = "gateway"


class Urls(NamedTuple):
    """What clients in the cluster are given; TLS everywhere."""

    otlp_grpc_address: str
    otlp_http_url: str
    remote_write_url: str
    metrics_otlp_url: str
    metrics_query_url: str
    traces_query_url: str


def host(namespace: str) -> str:
    """Return the gateway's name in the cluster."""
    return f"{SERVICE}.{namespace}.svc"


def hosts(gateway: Gateway, namespace: str, cluster_domain: str) -> list[str]:
    """Return every name by which the gateway is called, which its certificate must have."""
    short = f"{SERVICE}.{namespace}"
    own = [host(namespace), f"{host(namespace)}.{cluster_domain}", short, SERVICE]
    return [*own, *(each for each in gateway.hosts if each not in own)]


def urls(namespace: str) -> Urls:
    """Return the addresses that are given to clients."""
    own = host(namespace)
    return Urls(
        otlp_grpc_address=f"{own}:4317",
        otlp_http_url=f"https://{own}/v1/traces",
        remote_write_url=f"https://{own}/api/v1/push",
        metrics_otlp_url=f"https://{own}/otlp/v1/metrics",
        metrics_query_url=f"https://{own}/prometheus",
        traces_query_url=f"https://{own}/tempo",
    )


def query_urls(stack: Stack) -> dict[str, str]:
    """Return where Grafana queries, by signal: the gateway, or the backends themselves."""
    if stack.gateway is None:
        found = {"metrics": stack.backend("metrics").endpoints.query, "traces": stack.backend("traces").endpoints.query}
    else:
        own = urls(stack.namespace.name)
        found = {"metrics": own.metrics_query_url, "traces": own.traces_query_url}
    others = {"logs": logs(stack), "profiles": profiles(stack)}
    found |= {signal: its.query for signal, its in others.items() if its is not None}
    return {signal: addresses.absolute(stack, url) for signal, url in found.items()}


def logs(stack: Stack) -> LokiEndpoints | None:
    """Return what clients are given for logs: the gateway's addresses, or Loki's own; None where there is no Loki."""
    if stack.logs is None:
        return None
    if stack.gateway is None:
        return loki_endpoints(stack.backend("logs").context)
    own = f"https://{host(stack.namespace.name)}"
    return LokiEndpoints(push=f"{own}/loki/api/v1/push", otlp_http=f"{own}/otlp/v1/logs", query=own)


def profiles(stack: Stack) -> PyroscopeEndpoints | None:
    """Return what clients are given for profiles: the gateway's address, or Pyroscope's; None where there is none."""
    if stack.profiles is None:
        return None
    if stack.gateway is None:
        return pyroscope_endpoints(stack.backend("profiles").context)
    own = f"https://{host(stack.namespace.name)}"
    return PyroscopeEndpoints(push=own, query=own)
