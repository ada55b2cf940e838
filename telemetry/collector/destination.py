"""The destination of a collector, and its credential there."""

from dataclasses import dataclass, replace

from telemetry.config.collector import Collector
from telemetry.config.gateway import Gateway
from telemetry.gateway.addresses import cluster_endpoints, host
from telemetry.spec.ports import absolute
from telemetry.stack import Stack
from telemetry.stack.collector import sender
from telemetry.stack.tenants import Tenant

CREDENTIALS = "/etc/telemetry"
"""Where Alloy finds the Secret with the tenant's credential and the gateway's authority."""
_METRICS_PATH, _LOGS_PATH = "/v1/metrics", "/v1/logs"


@dataclass(frozen=True)
class Destination:
    """The platform as one sender sees it."""

    traces: str
    """`host:port` for OTLP over gRPC."""
    metrics_otlp: str
    """Address that Alloy adds `/v1/metrics` to."""
    remote_write: str
    logs_otlp: str | None
    """Address that Alloy adds `/v1/logs` to; None where nothing stores logs."""
    logs_push: str | None
    """Where Loki's own protocol goes, which has labels; None where nothing stores logs."""
    name: str | None
    """What the certificate there is for: an address's name has a final dot, a certificate's none. None is no TLS."""
    tenant: str | None
    """Stated by the sender itself, where no gateway knows it by its credential."""
    token: str | None
    """Path of the bearer token."""
    certificate: tuple[str, str] | None
    """Paths of the client certificate and its key."""
    authority: str | None
    """Path of the private authority that signed the gateway's certificate."""
    largest_message: int
    """Bytes of the largest request that is taken."""


def destination(stack: Stack, collector: Collector) -> Destination:
    """Return where a collector of a stack sends to: the gateway where there is one, else the backends themselves."""
    endpoints = {backend.signal: cluster_endpoints(backend) for backend in stack.backends}
    traces, metrics, logs = endpoints["traces"], endpoints["metrics"], endpoints.get("logs")
    tenant = sender(collector, stack.tenants)
    plain = Destination(
        traces=absolute(stack, traces.otlp_grpc),
        metrics_otlp=absolute(stack, metrics.otlp_http.removesuffix(_METRICS_PATH)),
        remote_write=absolute(stack, metrics.remote_write),
        logs_otlp=None if logs is None else absolute(stack, logs.otlp_http.removesuffix(_LOGS_PATH)),
        logs_push=None if logs is None else absolute(stack, logs.push),
        name=None,
        tenant=None if tenant is None else tenant.id,
        token=None,
        certificate=None,
        authority=None,
        largest_message=stack.traces.max_message_size,
    )
    if stack.gateway is None or tenant is None:
        return plain
    return _by_gateway(plain, stack.gateway, tenant, host(stack.namespace.name))


def _by_gateway(plain: Destination, gateway: Gateway, tenant: Tenant, name: str) -> Destination:
    """Return a destination with TLS and a credential, which says who the tenant is."""
    accepts = tenant.access.accepts
    private = gateway.certificate.source == "issued" or gateway.certificate.authority is not None
    return replace(
        plain,
        name=name,
        tenant=None,
        token=None if accepts == "certificate" else f"{CREDENTIALS}/token",
        certificate=(f"{CREDENTIALS}/tls.crt", f"{CREDENTIALS}/tls.key")
        if accepts in ("certificate", "both")
        else None,
        authority=f"{CREDENTIALS}/ca.crt" if private else None,
        largest_message=tenant.limits.max_body or plain.largest_message,
    )
