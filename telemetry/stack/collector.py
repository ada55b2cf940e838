"""How the collector fits the rest of the stack."""

from collections.abc import Collection, Iterable, Sequence

from telemetry.config.base import SettingError, below, did_you_mean
from telemetry.config.collector import HEALTH_PORT, LOOPBACK_METRICS_PORT, METRICS_PORT, Collector
from telemetry.config.gateway import Gateway
from telemetry.config.pod_logs import PodLogs
from telemetry.config.resources import Nodes
from telemetry.spec.backend import Signal
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP
from telemetry.stack.tenants import Tenant

_SENT: tuple[Signal, ...] = ("traces", "metrics", "logs")
"""What the collector sends on, as far as there is a backend for it."""


def check(
    collector: Collector,
    *,
    tenants: Sequence[Tenant],
    gateway: Gateway | None,
    nodes: Nodes | None,
    guarded: bool,
    scrapes: bool,
    signals: Collection[Signal],
    cluster: str | None,
) -> None:
    """Refuse what does not fit together (SettingError).

    Args:
        collector: the collector.
        tenants: the stack's tenants.
        gateway: what is in front of the backends.
        nodes: the cluster's nodes.
        guarded: whether there are NetworkPolicies.
        scrapes: whether it scrapes the platform's own pods.
        signals: what there is a backend for.
        cluster: what the cluster is called, if anything.
    """
    _check_sender(collector, tenants, gateway, [signal for signal in _SENT if signal in signals])
    if collector.pod_logs is not None:
        with below("pod_logs"):
            _check_pod_logs(collector.pod_logs, [tenant.id for tenant in tenants], signals, cluster)
    _check_own_port(collector)
    finds_pods = scrapes or collector.pod_logs is not None
    if collector.api_server is not None and not finds_pods:
        raise SettingError(
            "api_server",
            "is for finding pods, which the collector does not do; set monitoring.scrape: collector, or remove it",
        )
    if collector.deploys:
        _check_whole_traces(collector, nodes)
        _check_deployed(collector, nodes, asks_through_policies=guarded and finds_pods)


def sender(collector: Collector, tenants: Sequence[Tenant]) -> Tenant | None:
    """Return as whom it sends; None where there are no tenants."""
    return next((tenant for tenant in tenants if collector.tenant in (None, tenant.id)), None)


def _check_sender(
    collector: Collector, tenants: Sequence[Tenant], gateway: Gateway | None, sent: Sequence[Signal]
) -> None:
    """Refuse a tenant that is none, or as whom it has no credential or too few rights to send."""
    ids = [tenant.id for tenant in tenants]
    if collector.tenant is None and len(ids) > 1:
        raise SettingError("tenant", f"is not set, and there are {len(ids)} tenants; name the one that it sends as")
    if collector.tenant is not None and collector.tenant not in ids:
        hint = did_you_mean(collector.tenant, ids)
        raise SettingError("tenant", f"is no tenant of this stack{hint}; name one of them, or remove it")
    if gateway is None:
        return
    tenant = sender(collector, tenants)
    if collector.secret is None and not _is_made(tenant, gateway):
        raise SettingError(
            "secret",
            "is not set, and the program does not make the credential of this tenant (tenants.access); name a Secret "
            "with it, and with the gateway's authority as ca.crt",
        )
    if tenant is not None:
        _check_scopes(tenant, tenants, sent)


def _check_deployed(collector: Collector, nodes: Nodes | None, *, asks_through_policies: bool) -> None:
    if collector.nodes is None and nodes is None:
        raise SettingError("nodes", "is not set, and neither is kubernetes.nodes; say on how many nodes it runs")
    if asks_through_policies and collector.api_server is None:
        raise SettingError(
            "api_server",
            "is not set, and NetworkPolicies keep its pods from the API server; add {cidrs: […], ports: [6443]}",
        )


def _check_scopes(tenant: Tenant, tenants: Sequence[Tenant], signals: Iterable[Signal]) -> None:
    for signal in signals:
        if "write" not in getattr(tenant.access.scopes, signal):
            raise SettingError(
                "tenant",
                f"sends as {tenant.id}, which may not write {signal}; add write to "
                f"tenants.{list(tenants).index(tenant)}.access.scopes.{signal}",
            )


def _check_own_port(collector: Collector) -> None:
    port = collector.own_metrics.port if collector.own_metrics is not None else None
    if collector.kind == "otel" and port in (OTLP_GRPC, OTLP_HTTP, HEALTH_PORT, LOOPBACK_METRICS_PORT):
        raise SettingError(
            "own_metrics.port",
            f"{port} is what the Collector has for something else; choose another, such as {METRICS_PORT}",
        )


def _check_whole_traces(collector: Collector, nodes: Nodes | None) -> None:
    tail, count = (
        collector.sampling.tail if collector.sampling else None,
        collector.nodes or (nodes.count if nodes else 1),
    )
    if tail is not None and count > 1 and not tail.accept_partial_traces:
        raise SettingError(
            "sampling.tail",
            f"needs all spans of a trace in one place, and a collector on each of {count} nodes has those of its own "
            "alone; set accept_partial_traces: true, or use head_percent",
        )


def _check_pod_logs(logs: PodLogs, ids: Sequence[str], signals: Collection[str], cluster: str | None) -> None:
    if "logs" not in signals:
        raise SettingError(
            "cluster", "is of pod_logs, and nothing stores logs here; add telemetry:logs, or remove them"
        )
    if logs.cluster is None and cluster is None:
        raise SettingError("cluster", "is not set, and neither is kubernetes.cluster; say what lines are told apart by")
    for namespace, tenant in logs.tenants.items():
        if tenant not in ids:
            hint = did_you_mean(tenant, ids)
            raise SettingError(f"tenants.{namespace}", f"is no tenant of this stack{hint}; name one, or remove it")


def _is_made(tenant: Tenant | None, gateway: Gateway) -> bool:
    """Whether the program makes all that a tenant must show; with `either` that is a token."""
    if tenant is None:
        return True
    access = tenant.access
    certificate = access.accepts in ("certificate", "both")
    return not (access.takes_token and access.token_secret) and not (certificate and gateway.client_ca_secret)
