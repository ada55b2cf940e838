"""Quotas of the namespaces that tenants' own workloads run in."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from telemetry.stack import Stack
from telemetry.stack.tenant_quotas import objects_of


class TenantQuotas(pulumi.ComponentResource):
    """A ResourceQuota in each namespace that a tenant's settings name."""

    namespaces: list[str]
    """The namespaces."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:tenants:TenantQuotas", name, opts=opts)
        self.namespaces = []
        for each in objects_of(stack):
            namespace = each["metadata"]["namespace"]
            k8s.core.v1.ResourceQuota(
                f"{namespace}-quota",
                metadata=each["metadata"],
                spec=each["spec"],
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.namespaces.append(namespace)
        self.register_outputs({"namespaces": self.namespaces})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the quotas of a stack's tenants; None where no namespace is named."""
        return cls("tenant-quotas", stack=stack, opts=opts) if any(each.namespaces for each in stack.tenants) else None
