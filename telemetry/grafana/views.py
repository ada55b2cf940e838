"""Who sees which data in Grafana: all there is, or each tenant its own data and some the data of all tenants.

A datasource's uid is what dashboards and links refer to, and changing it replaces the datasource, so it is a constant
of backend, environment and tenant. A name is not a uid: Grafana tells upper case from lower. It finds neither from
another organisation, so a link leads to a datasource of the same one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telemetry.spec.backend import Backend
from telemetry.stack import Stack
from telemetry.stack.tenants import Tenant

if TYPE_CHECKING:  # cryptography is slow to load, and a stack without a gateway has no use for it
    from telemetry.gateway.access import Credential

_LONGEST_UID = 40
"""Characters of [a-zA-Z0-9_-] (Grafana)."""
_TENANT_HEADER = "X-Scope-OrgID"


@dataclass(frozen=True)
class View:
    """The data that a set of datasources, one per signal, shows, and the credential that they come with."""

    environment: str
    suffix: str
    """How uids end. `-team-a`: a tenant's data; `_all`: that of all tenants; nothing: all there is, without tenants.

    What a tenant's objects are called after has no underscore, so a tenant `all` is another one.
    """
    title: str
    """How names end: `(prod, Team A)`. A tenant's ends in a parenthesis, the one of all tenants does not."""
    tenant: str | None = None
    org: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: Mapping[str, str] = field(default_factory=dict, repr=False)

    def uid(self, backend: Backend[Any, Any]) -> str:
        """Return the uid of a backend's datasource, such as NAME-prod-team-a, or NAME-prod_all.

        A longer one than Grafana takes is cut, and ends in a digest that no other has.
        """
        whole = f"{backend.name}-{self.environment}{self.suffix}"
        if len(whole) <= _LONGEST_UID:
            return whole
        return f"{whole[: _LONGEST_UID - 9]}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"

    def name(self, backend: Backend[Any, Any]) -> str:
        """Return the name of a backend's datasource, such as TITLE (prod, Team A)."""
        return f"{backend.title} {self.title}"


def views(
    stack: Stack, *, credentials: Mapping[str, "Credential"], federation: "Credential | None"
) -> tuple[View, ...]:
    """Return the views of a stack: all there is, or each tenant's data and then that of all tenants.

    Args:
        stack: the settings.
        credentials: what the gateway knows tenants by, by tenant id; without a gateway empty.
        federation: what it knows the reader of all tenants by, if there is one.
    """
    if not stack.tenants:
        return (_of_everything(stack),)
    without = set(unseen(stack, credentials))
    of_tenants = (
        _of_tenant(stack.environment, tenant, credentials.get(tenant.id))
        for tenant in stack.tenants
        if tenant.id not in without
    )
    return (*of_tenants, *_of_all(stack, federation))


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
    return _of_tenant(stack.environment, tenant, None)


def _is_let_in(tenant: Tenant, credential: "Credential") -> bool:
    return tenant.access.is_satisfied(token=credential.token is not None, certificate=credential.pair is not None)


def _of_everything(stack: Stack) -> View:
    return View(stack.environment, "", f"({stack.environment})")


def _of_tenant(environment: str, tenant: Tenant, credential: "Credential | None") -> View:
    pair = credential.pair if credential else None
    return View(
        environment,
        f"-{tenant.object_name}",
        f"({environment}, {tenant.display_name})",
        tenant=tenant.id,
        org=tenant.grafana_org,
        headers={_TENANT_HEADER: tenant.id, **_bearer(credential)},
        certificate={"tlsClientCert": pair.certificate, "tlsClientKey": pair.key} if pair else {},
    )


def _of_all(stack: Stack, federation: "Credential | None") -> Iterator[View]:
    """Yield the view of all tenants: a gateway knows who they are and has to let us in, a backend is told."""
    title = f"({stack.environment}): all tenants"
    if stack.gateway is None:
        ids = "|".join(tenant.id for tenant in stack.tenants)
        yield View(stack.environment, "_all", title, headers={_TENANT_HEADER: ids})
    elif stack.gateway.federation is not None and federation is not None:
        org = stack.gateway.federation.grafana_org
        yield View(stack.environment, "_all", title, org=org, headers=_bearer(federation))


def _bearer(credential: "Credential | None") -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.token}"} if credential and credential.token else {}
