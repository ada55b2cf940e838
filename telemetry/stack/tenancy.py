"""What tenants, the gateway and the backends must agree on, and what tenants add up to."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from telemetry.config.base import SettingError, below
from telemetry.config.gateway import SCRATCH_SPARE, Gateway
from telemetry.config.oidc import Oidc
from telemetry.config.policy import Policy
from telemetry.config.quantities import bytes_text, cpu_text, duration_text
from telemetry.config.resources import Compute
from telemetry.config.role_policy import limited
from telemetry.config.roles import Role
from telemetry.spec.backend import Signal
from telemetry.stack import tenant_quotas
from telemetry.stack.backends import SIGNALS, StackBackend, metrics_first
from telemetry.stack.sections import backend_of
from telemetry.stack.tenants import BackendLimits, Limits, Tenant

if TYPE_CHECKING:
    from telemetry.stack.model import Stack

_MI = 2**20
_LEAST_LARGE = 4
"""Large requests at a time, of all tenants; one tenant may have a quarter of what there is room for."""
_TOKEN_BYTES = 8_192
"""Two copies, the one before and the next, of a line with a token of up to 1900 characters twice, and its tenant."""

_CheckLimits = Callable[[Any, int | None], None]
"""What a backend has against limits, and a largest request."""


def check(stack: "Stack") -> None:
    """Refuse what does not fit together (SettingError)."""
    tenants, limits, gateway = stack.tenants, stack.limits, stack.gateway
    _check_gateway(stack.environment, tenants, gateway)
    checks = {
        each.signal: partial(each.of.check_limits, each.context) for each in stack.backends if each.of.check_limits
    }
    if limits is not None:
        if tenants:
            raise SettingError("limits", "is for a stack without tenants; give it to tenants.….limits, or remove it")
        _check_limits("limits", limits, checks)
    _check_sums([tenant.limits for tenant in tenants] or [limits or BackendLimits()], stack.backends)
    tenant_quotas.check(stack)
    shortest = _shortest_retentions(stack)
    for index, tenant in enumerate(tenants):
        _check_retention(f"tenants.{index}.retention", tenant, shortest)
        _check_limits(f"tenants.{index}.limits", tenant.limits, checks)
        _check_readers(f"tenants.{index}.access", tenant, gateway)
        if gateway is not None:
            _check_certificate(f"tenants.{index}.access", tenant, gateway)
    if gateway is not None and tenants:
        largest = stack.traces.max_message_size
        _check_scratch(gateway, max(tenant.limits.max_body or largest for tenant in tenants))
    if gateway is not None and gateway.oidc is not None:
        _check_provider(gateway.oidc, tenants, stack.kubernetes.cluster_domain)
    if gateway is not None and not gateway.accept_shared_organisation:
        _check_organisations(tenants, gateway)
    if gateway is not None and gateway.total is not None:
        _check_total(budgeted(gateway, tenants), gateway.total)


def derives_secrets(gateway: Gateway, tenants: Sequence[Tenant]) -> bool:
    """Whether there is any token, certificate or private key that the program makes of the gateway's key."""
    access = [tenant.access for tenant in tenants]
    return (
        gateway.certificate.source == "issued"
        or gateway.federation is not None
        or (gateway.backend_tls is not None and gateway.backend_tls.secret is None)
        or any(each.makes_token for each in access)
        or (gateway.client_ca_secret is None and any(each.takes_certificate for each in access))
    )


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


def gateway_role(gateway: Gateway, tenants: Sequence[Tenant], policy: Policy) -> Role:
    """Return one replica of the gateway: its part of the whole, rounded up to whole millicores and Mi.

    The whole is its total where that is stated, so that a new tenant restarts nothing while there is room in it.
    """
    whole = gateway.total or budgeted(gateway, tenants)
    role = Role.model_construct(
        replicas=gateway.replicas,
        ephemeral_storage=gateway.scratch,
        cpu=-(-whole.cpu // gateway.replicas),
        memory=-(-whole.memory // (gateway.replicas * _MI)) * _MI,
        memory_limit=None,
        volume=None,
        autoscaling=gateway.autoscaling,
    )
    return limited(role, policy)


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


def _check_limits(key: str, limits: BackendLimits, checks: Mapping[Signal, _CheckLimits]) -> None:
    """Refuse limits that a backend could not keep."""
    max_body = limits.max_body if isinstance(limits, Limits) else None
    with below(key):
        for signal, check_limits in checks.items():
            check_limits(getattr(limits, signal), max_body)


def _check_sums(granted: Sequence[BackendLimits], backends: Sequence[StackBackend]) -> None:
    """Refuse limits that come to more than a backend is sized for."""
    for backend in metrics_first(backends):
        limits = [getattr(each, backend.signal) for each in granted]
        for limit, capacity in backend.capacity.items():
            asked = sum(getattr(each, limit) for each in limits)
            if asked > capacity:
                raise SettingError(
                    f"{backend.signal}.capacity.{limit}",
                    f"limits come to {asked}, and the capacity is {capacity}; lower the limits, or "
                    "raise the capacity if the backend is sized for it",
                )


def _shortest_retentions(stack: "Stack") -> dict[Signal, int]:
    """Return how long data is kept at least, by signal; of one without a backend, what the default one says."""
    backends = metrics_first(backend_of(signal, getattr(stack, signal)) for signal in SIGNALS)
    return {backend.signal: backend.shortest_retention for backend in backends}


def _check_retention(key: str, tenant: Tenant, shortest: Mapping[Signal, int]) -> None:
    for signal, least in shortest.items():
        retention = getattr(tenant.retention, signal)
        if retention is not None and retention < least:
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


def _check_provider(oidc: Oidc, tenants: Sequence[Tenant], cluster_domain: str) -> None:
    if not any(each.access.oidc for each in tenants):
        raise SettingError("gateway.oidc", "lets nobody in, for no tenant has access.oidc; add that, or remove it")
    if oidc.leaves_in_plain_text(cluster_domain):
        raise SettingError(
            "gateway.oidc.url",
            f"has tokens leave the cluster in plain text; write https, or a name in .svc or .svc.{cluster_domain}",
        )


def _check_readers(key: str, tenant: Tenant, gateway: Gateway | None) -> None:
    if tenant.access.oidc is not None and (gateway is None or gateway.oidc is None):
        raise SettingError(
            f"{key}.oidc", "needs gateway.oidc, which says who knows the provider's tokens; add that, or remove it"
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
