"""ResourceQuotas in namespaces of tenants' own workloads, as plain data."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from telemetry.config.base import SettingError
from telemetry.config.namespace import TenantNamespace
from telemetry.spec.values.common import Values

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


def tenant_namespaces(stack: "Stack") -> Iterator[tuple[str, TenantNamespace]]:
    """Yield each namespace, after where the settings have it."""
    for index, tenant in enumerate(stack.tenants):
        for number, each in enumerate(tenant.namespaces):
            yield f"tenants.{index}.namespaces.{number}", each


def check(stack: "Stack") -> None:
    """Refuse the stack's own namespace, whose quota is elsewhere, and one that is named twice (SettingError)."""
    seen: set[str] = set()
    for place, each in tenant_namespaces(stack):
        if each.name == stack.namespace.name:
            raise SettingError(
                f"{place}.name", "is the stack's own namespace; its quota is telemetry:namespace.quota, so remove this"
            )
        if each.name in seen:
            raise SettingError(f"{place}.name", "is named before, and has one quota of ours; remove one of the two")
        seen.add(each.name)


def objects_of(stack: "Stack") -> Iterator[Values]:
    """Yield the quotas; by the environment's name, for other stacks may set theirs in the same namespace."""
    for _, each in tenant_namespaces(stack):
        yield {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {
                "name": f"telemetry-{stack.environment}",
                "namespace": each.name,
                "labels": {"app.kubernetes.io/part-of": "telemetry"},
            },
            "spec": {"hard": each.quota.hard},
        }
