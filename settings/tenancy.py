"""What tenants, the gateway and the backends must agree on, and what tenants add up to."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from settings.base import SettingError
from settings.gateway import Gateway
from settings.logs import Logs
from settings.metrics import Metrics
from settings.quantities import bytes_text, cpu_text, duration_text
from settings.resources import Compute
from settings.roles import Role
from settings.tenants import Tenant
from settings.traces import Traces

_HOUR, _DAY = 3_600, 86_400


class _Sum(NamedTuple):
    key: str
    asked: int
    capacity: int


def check(
    environment: str,
    tenants: Sequence[Tenant],
    gateway: Gateway | None,
    traces: Traces,
    metrics: Metrics,
    logs: Logs | None,
) -> None:
    """Refuse what does not fit together (SettingError)."""
    _check_gateway(environment, tenants, gateway)
    _check_sums(tenants, traces, metrics, logs)
    for index, tenant in enumerate(tenants):
        _check_retention(f"tenants.{index}.retention", tenant)
        if gateway is not None:
            _check_certificate(f"tenants.{index}.access", tenant, gateway)
    if gateway is not None and not gateway.accept_shared_organisation:
        _check_organisations(tenants, gateway)
    if gateway is not None and gateway.total is not None:
        _check_total(budgeted(gateway, tenants), gateway.total)


def budgeted(gateway: Gateway, tenants: Sequence[Tenant]) -> Compute:
    """Return what the gateway is meant to need: its base, and every tenant's budget (seed 004)."""
    return Compute.model_construct(
        cpu=gateway.base.cpu + sum(tenant.budget.cpu for tenant in tenants),
        memory=gateway.base.memory + sum(tenant.budget.memory for tenant in tenants),
    )


def gateway_role(gateway: Gateway, tenants: Sequence[Tenant]) -> Role:
    """Return one replica of the gateway: its part of the whole, rounded up to whole millicores and Mi.

    The whole is its total where that is stated, so that a new tenant restarts nothing while there is room in it.
    """
    whole, mi = gateway.total or budgeted(gateway, tenants), 2**20
    return Role.model_construct(
        replicas=gateway.replicas,
        cpu=-(-whole.cpu // gateway.replicas),
        memory=-(-whole.memory // (gateway.replicas * mi)) * mi,
        memory_limit=None,
        volume=None,
        autoscaling=None,
    )


def _check_gateway(environment: str, tenants: Sequence[Tenant], gateway: Gateway | None) -> None:
    if gateway is not None and not tenants:
        raise SettingError("tenants", "is empty, so the gateway would let nobody in; add a tenant, or remove gateway")
    if gateway is None and tenants and environment != "dev":
        raise SettingError(
            "gateway",
            "is not set, so anybody in the cluster could take any tenant's name; add gateway: {} (dev may go without)",
        )


def _check_sums(tenants: Sequence[Tenant], traces: Traces, metrics: Metrics, logs: Logs | None) -> None:
    for each in _sums(tenants, traces, metrics, logs):
        if each.asked > each.capacity:
            raise SettingError(
                each.key,
                f"tenants' limits come to {each.asked}, and the capacity is {each.capacity}; lower the limits, or "
                "raise the capacity if the backend is sized for it",
            )


def _sums(tenants: Sequence[Tenant], traces: Traces, metrics: Metrics, logs: Logs | None) -> Iterator[_Sum]:
    if (of := metrics.capacity) is not None:
        limits = [tenant.limits.metrics for tenant in tenants]
        yield _Sum("metrics.capacity.ingestion_rate", sum(each.ingestion_rate for each in limits), of.ingestion_rate)
        yield _Sum("metrics.capacity.max_series", sum(each.max_series for each in limits), of.max_series)
    if (its := traces.capacity) is not None:
        bounds = [tenant.limits.traces for tenant in tenants]
        yield _Sum("traces.capacity.ingestion_rate", sum(each.ingestion_rate for each in bounds), its.ingestion_rate)
        yield _Sum("traces.capacity.max_traces", sum(each.max_traces for each in bounds), its.max_traces)
    if logs is not None and (lokis := logs.capacity) is not None:
        granted = [tenant.limits.logs for tenant in tenants]
        yield _Sum("logs.capacity.ingestion_rate", sum(each.ingestion_rate for each in granted), lokis.ingestion_rate)
        yield _Sum("logs.capacity.max_streams", sum(each.max_streams for each in granted), lokis.max_streams)


def _check_retention(key: str, tenant: Tenant) -> None:
    for signal, least in (("metrics", _DAY), ("traces", _HOUR), ("logs", _DAY), ("profiles", _DAY)):
        chosen = getattr(tenant.retention, signal)
        if chosen is not None and chosen < least:
            raise SettingError(f"{key}.{signal}", f"below the compactor's minimum of {duration_text(least)}; raise it")


def _check_certificate(key: str, tenant: Tenant, gateway: Gateway) -> None:
    subject, own_authority = tenant.access.certificate_subject, gateway.client_ca_secret is not None
    if subject is not None and not own_authority:
        raise SettingError(
            f"{key}.certificate_subject",
            "is a certificate of your own authority, and gateway.client_ca_secret does not name one; add it, or remove "
            "the subject and the program makes the certificate",
        )
    if subject is None and own_authority and tenant.access.takes_certificate:
        raise SettingError(
            f"{key}.certificate_subject",
            "is not set, and gateway.client_ca_secret is an authority that the program has no key of; add the subject",
        )


def _check_organisations(tenants: Sequence[Tenant], gateway: Gateway) -> None:
    """Refuse that people see other tenants' data in Grafana by default; one tenant alone is all there is to see."""
    if len(tenants) == 1:
        return
    holders: dict[int | None, str] = {}
    if gateway.federation is not None:
        holders[gateway.federation.grafana_org] = "the reader of all tenants (gateway.federation)"
    for index, tenant in enumerate(tenants):
        other = holders.setdefault(tenant.grafana_org, tenant.id)
        if other != tenant.id:
            where = "is not set" if tenant.grafana_org is None else f"is {tenant.grafana_org}"
            raise SettingError(
                f"tenants.{index}.grafana_org",
                f"{where}, so {tenant.id} shares a Grafana organisation with {other}, and its people see that data; "
                "give each an organisation of its own, or say gateway.accept_shared_organisation: true",
            )


def _check_total(whole: Compute, total: Compute) -> None:
    for resource, text in (("cpu", cpu_text), ("memory", bytes_text)):
        needs, has = getattr(whole, resource), getattr(total, resource)
        if needs > has:
            raise SettingError(
                f"gateway.total.{resource}",
                f"base and the tenants' budgets come to {text(needs)}, and the total is {text(has)}; raise it, or "
                "lower budgets",
            )
