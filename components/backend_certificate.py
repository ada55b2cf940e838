"""The certificate that all backends share, which their pods mount."""

import pulumi

from components.secret import secret
from telemetry.gateway.secrets import backends_secret
from telemetry.stack import Stack


class BackendCertificate(pulumi.ComponentResource):
    """The backends' certificate, key and authority in a Secret; nothing without TLS, or where the settings name one.

    A component of its own, because Tempo and Mimir wait for it, and the gateway must wait for neither.
    """

    def __init__(self, name: str, *, stack: Stack, key: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:gateway:BackendCertificate", name, opts=opts)
        content = backends_secret(stack, key)
        if content is not None:
            secret(content, namespace=stack.namespace.name, parent=self)
        self.register_outputs({})
