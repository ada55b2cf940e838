"""The authority of the object store's certificate, which pods mount."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from telemetry.spec.values.transport import STORE_AUTHORITY, makes_store_authority
from telemetry.stack import Stack


class ObjectStoreAuthority(pulumi.ComponentResource):
    """What telemetry:trust.file holds, as a Secret for the pods."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:storage:ObjectStoreAuthority", name, opts=opts)
        k8s.core.v1.Secret(
            STORE_AUTHORITY,
            metadata={"name": STORE_AUTHORITY, "namespace": stack.namespace.name},
            string_data={"ca.crt": pulumi.Output.secret(stack.trust.text)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the authority of a stack's object store; None where pods need none, or have one already."""
        return cls("object-store-authority", stack=stack, opts=opts) if makes_store_authority(stack) else None
