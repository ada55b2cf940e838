"""What tenants, the gateway and the backends must agree on, and what tenants add up to."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from telemetry.backends.loki.settings import Logs
from telemetry.backends.mimir.settings import Metrics
from telemetry.backends.tempo.settings import Traces
from telemetry.config.base import SettingError
from telemetry.config.gateway import SCRATCH_SPARE, Gateway
from telemetry.config.quantities import bytes_text, cpu_text, duration_text
from telemetry.config.resources import Compute
from telemetry.config.roles import Role
from telemetry.stack.tenants import BackendLimits, Limits, Tenant

_HOUR, _DAY = 3_600, 86_400
_MI = 2**20
_LEAST_LARGE = 4
"""Large requests at a time, of all tenants; one tenant may have a quarter of what there is room for."""
_TOKEN_BYTES = 8_192
"""Two copies, the one before and the next, of a line with a token of up to 1900 characters twice, and its tenant."""


class _Sum(NamedTuple):
    key: str
    asked: int
    capacity: int


def check(
    environment: str,
    tenants: Sequence[Tenant],
    limits: BackendLimits | None,
    gateway: Gateway | None,
    traces: Traces,
    metrics: Metrics,
    logs: Logs | None,
) -> None:
    """Refuse what does not fit together (SettingError)."""
    _check_gateway(environment, tenants, gateway)
    if limits is not None:
        if tenants:
            raise SettingError("limits", "is for a stack without tenants; give it to tenants.….limits, or remove it")
        _check_trace_size("limits", limits, traces)
    _check_sums([tenant.limits for tenant in tenants] or [limits or BackendLimits()], traces, metrics, logs)
    for index, tenant in enumerate(tenants):
        _check_retention(f"tenants.{index}.retention", tenant)
        _check_messages(f"tenants.{index}.limits", tenant.limits, traces)
        if gateway is not None:
            _check_certificate(f"tenants.{index}.access", tenant, gateway)
    if gateway is not None and tenants:
        _check_scratch(gateway, max(tenant.limits.max_body or traces.max_message_size for tenant in tenants))
    if gateway is not None and not gateway.accept_shared_organisation:
        _check_organisations(tenants, gateway)
    if gateway is not None and gateway.total is not None:
        _check_total(budgeted(gateway, tenants), gateway.total)


def budgeted(gateway: Gateway, tenants: Sequence[Tenant]) -> Compute:
    """Return what the gateway is meant to need: its base, every tenant's budget (R37), and what pods keep."""
    return Compute.model_construct(
        cpu=gateway.base.cpu + sum(tenant.budget.cpu for tenant in tenants),
        memory=gateway.base.memory
        + sum(tenant.budget.memory for tenant in tenants)
        + gateway.replicas * existing_tokens_memory(tenants),
    )


def existing_tokens_memory(tenants: Sequence[Tenant]) -> int:
    """Return what the tokens of Secrets that exist already take of each pod's memory, in whole Mi."""
    existing = sum(tenant.access.token_secret is not None for tenant in tenants)
    return -(-existing * _TOKEN_BYTES // _MI) * _MI


def gateway_role(gateway: Gateway, tenants: Sequence[Tenant]) -> Role:
    """Return one replica of the gateway: its part of the whole, rounded up to whole millicores and Mi.

    The whole is its total where that is stated, so that a new tenant restarts nothing while there is room in it.
    """
    whole = gateway.total or budgeted(gateway, tenants)
    return Role.model_construct(
        replicas=gateway.replicas,
        cpu=-(-whole.cpu // gateway.replicas),
        memory=-(-whole.memory // (gateway.replicas * _MI)) * _MI,
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


def _check_scratch(gateway: Gateway, max_body: int) -> None:
    if gateway.large_requests(max_body) < _LEAST_LARGE:
        least = _LEAST_LARGE * max_body + SCRATCH_SPARE
        raise SettingError(
            "gateway.scratch",
            f"is {bytes_text(gateway.scratch)}, and {_LEAST_LARGE} requests of {bytes_text(max_body)}, the largest "
            f"max_body of a tenant, need {bytes_text(least)}; raise it, or lower max_body",
        )


def _check_sums(granted: Sequence[BackendLimits], traces: Traces, metrics: Metrics, logs: Logs | None) -> None:
    for each in _sums(granted, traces, metrics, logs):
        if each.asked > each.capacity:
            raise SettingError(
                each.key,
                f"limits come to {each.asked}, and the capacity is {each.capacity}; lower the limits, or "
                "raise the capacity if the backend is sized for it",
            )


def _sums(granted: Sequence[BackendLimits], traces: Traces, metrics: Metrics, logs: Logs | None) -> Iterator[_Sum]:
    if (of := metrics.capacity) is not None:
        limits = [each.metrics for each in granted]
        yield _Sum("metrics.capacity.ingestion_rate", sum(each.ingestion_rate for each in limits), of.ingestion_rate)
        yield _Sum("metrics.capacity.max_series", sum(each.max_series for each in limits), of.max_series)
    if (its := traces.capacity) is not None:
        bounds = [each.traces for each in granted]
        yield _Sum("traces.capacity.ingestion_rate", sum(each.ingestion_rate for each in bounds), its.ingestion_rate)
        yield _Sum("traces.capacity.max_traces", sum(each.max_traces for each in bounds), its.max_traces)
    if logs is not None and (lokis := logs.capacity) is not None:
        lines = [each.logs for each in granted]
        yield _Sum("logs.capacity.ingestion_rate", sum(each.ingestion_rate for each in lines), lokis.ingestion_rate)
        yield _Sum("logs.capacity.max_streams", sum(each.max_streams for each in lines), lokis.max_streams)


def _check_retention(key: str, tenant: Tenant) -> None:
    for signal, least in (("metrics", _DAY), ("traces", _HOUR), ("logs", _DAY), ("profiles", _DAY)):
        chosen = getattr(tenant.retention, signal)
        if chosen is not None and chosen < least:
            raise SettingError(f"{key}.{signal}", f"below the compactor's minimum of {duration_text(least)}; raise it")


def _check_messages(key: str, limits: Limits, traces: Traces) -> None:
    """Refuse what no message of the size that is set could carry."""
    _check_trace_size(key, limits, traces)
    if limits.max_body is not None and limits.max_body > traces.max_message_size:
        raise SettingError(
            f"{key}.max_body", f"Tempo takes messages of at most {_largest(traces)}; lower it, or raise that"
        )


def _check_trace_size(key: str, limits: BackendLimits, traces: Traces) -> None:
    if limits.traces.max_trace_size > traces.largest_trace:
        raise SettingError(
            f"{key}.traces.max_trace_size",
            f"a trace above {bytes_text(traces.largest_trace)} cannot be read, since an answer is one message of at "
            f"most {_largest(traces)}; lower it, or raise that",
        )


def _largest(traces: Traces) -> str:
    return f"{bytes_text(traces.max_message_size)} (traces.max_message_size)"


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
                f"base, the tenants' budgets and their existing tokens come to {text(needs)}, and the total is "
                f"{text(has)}; raise it, or lower budgets",
            )
