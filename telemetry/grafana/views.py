"""Who sees which data in Grafana: each tenant its own, and the environment's datasources whatever may be shown of all.

A datasource's uid is what dashboards and links refer to, and changing it replaces the datasource, so it is a constant
of backend, environment and tenant. A name is not a uid: Grafana tells upper case from lower. It finds neither from
another organisation, so a link leads to a datasource of the same one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from telemetry.spec.context import TENANT_HEADER
from telemetry.stack import Stack
from telemetry.stack.tenants import Tenant

if TYPE_CHECKING:  # cryptography is slow to load, and a stack without a gateway has no use for it
    from telemetry.gateway.access import Credential

_LONGEST_UID = 40
"""Characters of [a-zA-Z0-9_-] (Grafana)."""
_WITHOUT_TENANTS, _WITH_TENANTS = "", "_all"
"""How the uids of the environment's datasources end. No tenant's has an underscore, not even that of a tenant `all`."""


@dataclass(frozen=True)
class View:
    """The data that a set of datasources, one per signal, shows, and the credential that they come with."""

    environment: str
    suffix: str
    """How uids end: `-team-a` for a tenant's own; for the environment's `_all` with tenants, else nothing."""
    title: str
    """How names end: `(prod, Team A)` for a tenant's own, `(prod)` for the environment's."""
    tenant: str | None = None
    """Whose own it is; None is the environment's."""
    org: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: Mapping[str, str] = field(default_factory=dict, repr=False)
    alerts: bool = False
    """Whether these people see alerts and silences: of one tenant, or where there are none."""

    def uid(self, name: str) -> str:
        """Return the uid of a datasource, such as NAME-prod-team-a, or NAME-prod_all."""
        return fitting_uid(f"{name}-{self.environment}{self.suffix}")

    def earlier_uid(self, name: str) -> str | None:
        """Return the uid of the environment's datasource before a stack got its first tenants, or lost its last one."""
        if self.tenant is not None:
            return None
        other = _WITHOUT_TENANTS if self.suffix == _WITH_TENANTS else _WITH_TENANTS
        return fitting_uid(f"{name}-{self.environment}{other}")

    def name(self, title: str) -> str:
        """Return the name of a datasource, such as TITLE (prod, Team A)."""
        return f"{title} {self.title}"


def views(
    stack: Stack, *, credentials: Mapping[str, "Credential"], federation: "Credential | None"
) -> tuple[View, ...]:
    """Return the views of a stack: each tenant's own, and then the environment's, where there may be one.

    Args:
        stack: the settings.
        credentials: what the gateway knows tenants by, by tenant id; without a gateway empty.
        federation: what it knows the reader of all tenants by, if there is one.
    """
    without = set(unseen(stack, credentials))
    of_tenants = {
        tenant.id: _of_tenant(stack, tenant, credentials.get(tenant.id))
        for tenant in stack.tenants
        if tenant.id not in without
    }
    return (*of_tenants.values(), *_of_environment(stack, federation, of_tenants))


def unseen(stack: Stack, credentials: Mapping[str, "Credential"]) -> list[str]:
    """Return the ids of tenants without datasources: the program does not know their credentials."""
    if stack.gateway is None:
        return []
    return [tenant.id for tenant in stack.tenants if not _is_let_in(tenant, credentials[tenant.id])]


def of_platform(stack: Stack) -> View:
    """Return the view with the platform's own metrics: all there is, or one tenant's data."""
    if not stack.tenants:
        return _of_everything(stack)
    (tenant,) = (each for each in stack.tenants if each.id == stack.monitoring.tenant)
    return _of_tenant(stack, tenant, None)


def environment_org(stack: Stack) -> int | None:
    """Return the Grafana organisation of the environment's datasources; None is that of our login."""
    if stack.gateway is None:
        return None
    if stack.gateway.federation is not None:
        return stack.gateway.federation.grafana_org
    tenant = _instead_of_all(stack)
    return tenant.grafana_org if tenant else None


def _instead_of_all(stack: Stack) -> Tenant | None:
    """Return the tenant whose data the environment's datasources show where nobody reads all: the only one, or ours.

    Its own organisation may see that data anyway. Any other choice would show a tenant's data to other people.
    """
    only = stack.tenants[0] if len(stack.tenants) == 1 else None
    return only or next((each for each in stack.tenants if each.id == stack.monitoring.tenant), None)


def _is_let_in(tenant: Tenant, credential: "Credential") -> bool:
    return tenant.access.is_satisfied(token=credential.token is not None, certificate=credential.pair is not None)


def _of_everything(stack: Stack) -> View:
    return View(stack.environment, _WITHOUT_TENANTS, f"({stack.environment})", alerts=stack.alerting is not None)


def _of_tenant(stack: Stack, tenant: Tenant, credential: "Credential | None") -> View:
    pair = credential.pair if credential else None
    return View(
        stack.environment,
        f"-{tenant.object_name}",
        f"({stack.environment}, {tenant.display_name})",
        tenant=tenant.id,
        org=tenant.grafana_org,
        headers={TENANT_HEADER: tenant.id, **_bearer(credential)},
        certificate={"tlsClientCert": pair.certificate, "tlsClientKey": pair.key} if pair else {},
        alerts=stack.alerting is not None and (stack.gateway is None or tenant.access.scopes.silences),
    )


def _of_environment(stack: Stack, federation: "Credential | None", of_tenants: Mapping[str, View]) -> Iterator[View]:
    """Yield what `Mimir (prod)` shows: all data to whom it may be shown, else that of one tenant, else there is none.

    Without a gateway a backend is told whose data is asked for; a gateway knows, and has to let us in.
    """
    everything = _of_everything(stack)
    if not stack.tenants:
        yield everything
        return
    environment = replace(everything, suffix=_WITH_TENANTS, org=environment_org(stack), alerts=False)
    if stack.gateway is None:
        yield replace(environment, headers={TENANT_HEADER: "|".join(tenant.id for tenant in stack.tenants)})
    elif federation is not None:
        yield replace(environment, headers=_bearer(federation))
    elif (tenant := _instead_of_all(stack)) and (own := of_tenants.get(tenant.id)):
        yield replace(environment, headers=own.headers, certificate=own.certificate, alerts=own.alerts)


def _bearer(credential: "Credential | None") -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.token}"} if credential and credential.token else {}


def fitting_uid(whole: str) -> str:
    """Return a uid that Grafana takes; a longer one is cut, and ends in a digest that no other has."""
    if len(whole) <= _LONGEST_UID:
        return whole
    return f"{whole[: _LONGEST_UID - 9]}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
