"""The authority of the object store's certificate, which pods mount."""

import pulumi
import pulumi_kubernetes as k8s

from telemetry.spec.values.transport import STORE_AUTHORITY, makes_store_authority
from telemetry.stack import Stack


class ObjectStoreAuthority(pulumi.ComponentResource):
    """What telemetry:trust.file holds, as a Secret for the pods; nothing where they need none, or have one already."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:storage:ObjectStoreAuthority", name, opts=opts)
        text = stack.trust.text
        if text is not None and makes_store_authority(stack):
            k8s.core.v1.Secret(
                STORE_AUTHORITY,
                metadata={"name": STORE_AUTHORITY, "namespace": stack.namespace.name},
                string_data={"ca.crt": pulumi.Output.secret(text)},
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
