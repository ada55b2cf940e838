"""What is validated: a stack, the way to it, and in whose names."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from telemetry.clients.target import Target, Tenant
from telemetry.config.access import Access
from telemetry.gateway import access
from telemetry.stack import Stack


@dataclass(frozen=True)
class StackTarget(Target):
    """A whole stack to validate."""

    stack: Stack


def tenants_of(
    stack: Stack, key: str, uids: Mapping[str, Mapping[str, str]], tokens: Mapping[str, str] | None = None
) -> list[Tenant]:
    """Return a stack's tenants with their credentials.

    Args:
        stack: the settings.
        key: what the gateway's secrets are derived from.
        uids: their datasources', by tenant id and signal.
        tokens: by tenant id, those that the program does not make.
    """
    if not stack.tenants:
        return [Tenant(None)]
    credentials = access.of_tenants(stack, key)
    for tenant, token in (tokens or {}).items():
        credentials[tenant] = replace(credentials[tenant], token=token)
    return [
        Tenant(
            tenant.id,
            credential.token if credential else None,
            credential.pair if credential else None,
            credential is not None and not _is_enough(tenant.access, credential),
            uids.get(tenant.id, {}),
            tenant.grafana_org,
        )
        for tenant in stack.tenants
        for credential in (credentials.get(tenant.id),)
    ]


def _is_enough(accepted: Access, credential: access.Credential) -> bool:
    return accepted.is_satisfied(token=credential.token is not None, certificate=credential.pair is not None)
