"""Where the backends are within the namespace; clients are given these only where no gateway stands before them."""

from typing import NamedTuple

from telemetry.backends.loki import values as loki
from telemetry.backends.mimir import values as mimir
from telemetry.backends.pyroscope import values as pyroscope
from telemetry.spec.values.common import absolute_name
from telemetry.spec.values.transport import scheme
from telemetry.stack import Stack

TRACES_INGEST, TRACES_QUERY = "traces-ingest", "traces-query"
"""Our own Services before Tempo, the same in both topologies."""
MIMIR_HTTP, TEMPO_HTTP, LOKI_HTTP, PYROSCOPE_HTTP = 8080, 3200, 3100, 4040
OTLP_GRPC, OTLP_HTTP = 4317, 4318
"""Ports of the backends' pods."""


def twin(service: str) -> str:
    """Return the name of the headless twin of one of our Services, for the gateway, which chooses among pods itself."""
    return f"{service}-pods"


METRICS_TWINS = {role: twin(f"{mimir.RELEASE}-{role}") for role in ("query-frontend", "ruler", "alertmanager")}
"""Headless Services of ours before roles of Mimir, where its chart has none, or one for pods that are not ready too."""


def absolute(stack: Stack, address: str) -> str:
    """Return an address of a Service of the stack as pods and Grafana are given it: with the name's final dot.

    Only to programs in Go, which leave the dot out where they check a certificate; many others do not, so what any
    client may read is `name.namespace.svc`, which the cluster's own search list completes (docs/decisions.md).
    """
    short = f".{stack.namespace.name}.svc"
    name, found, rest = address.partition(short)
    return f"{absolute_name(stack, name)}{rest}" if found else address


class TracesAddresses(NamedTuple):
    """Addresses of Tempo."""

    otlp_grpc: str
    """`host:port`."""
    otlp_http: str
    query: str


class MetricsAddresses(NamedTuple):
    """Addresses of Mimir."""

    remote_write: str
    otlp_http: str
    query: str
    """The Prometheus API."""


class LogsAddresses(NamedTuple):
    """Addresses of Loki."""

    push: str
    """Loki's own protocol."""
    otlp_http: str
    query: str
    """What Loki's API, `/loki/api/v1/…`, is below."""


class ProfilesAddresses(NamedTuple):
    """Addresses of Pyroscope."""

    push: str
    """What `/ingest` and `/push.v1.PusherService/Push` are below, as Pyroscope's SDKs and Alloy want it."""
    query: str
    """What `/querier.v1.QuerierService/…` is below."""


def traces(stack: Stack) -> TracesAddresses:
    """Return where Tempo is."""
    namespace, protocol = stack.namespace.name, scheme(stack)
    return TracesAddresses(
        otlp_grpc=f"{TRACES_INGEST}.{namespace}.svc:{OTLP_GRPC}",
        otlp_http=f"{protocol}://{TRACES_INGEST}.{namespace}.svc:{OTLP_HTTP}/v1/traces",
        query=f"{protocol}://{TRACES_QUERY}.{namespace}.svc:{TEMPO_HTTP}",
    )


def metrics(stack: Stack) -> MetricsAddresses:
    """Return where Mimir is: its chart's gateway, or the roles behind it where ours takes its place."""
    namespace = stack.namespace.name
    if stack.gateway is None:
        writes = reads = f"http://{mimir.RELEASE}-gateway.{namespace}.svc"
    else:
        own = f"{scheme(stack)}://{mimir.RELEASE}"
        writes, reads = (f"{own}-{role}.{namespace}.svc:{MIMIR_HTTP}" for role in ("distributor", "query-frontend"))
    return MetricsAddresses(
        remote_write=f"{writes}/api/v1/push", otlp_http=f"{writes}/otlp/v1/metrics", query=f"{reads}/prometheus"
    )


def logs(stack: Stack) -> LogsAddresses | None:
    """Return where Loki is: the Services of its chart; None where there is none."""
    if stack.logs is None:
        return None
    protocol, namespace = scheme(stack), stack.namespace.name
    write, read = (
        f"{protocol}://{loki.service(stack.logs.topology, role)}.{namespace}.svc:{LOKI_HTTP}"
        for role in ("write", "read")
    )
    return LogsAddresses(push=f"{write}/loki/api/v1/push", otlp_http=f"{write}/otlp/v1/logs", query=read)


def profiles(stack: Stack) -> ProfilesAddresses | None:
    """Return where Pyroscope is: the Services of its chart; None where there is none."""
    if stack.profiles is None:
        return None
    protocol, namespace = scheme(stack), stack.namespace.name
    push, query = (
        f"{protocol}://{pyroscope.service(stack.profiles.topology, role)}.{namespace}.svc:{PYROSCOPE_HTTP}"
        for role in ("distributor", "query-frontend")
    )
    return ProfilesAddresses(push=push, query=query)
