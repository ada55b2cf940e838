"""The credentials with which people are told of alerts, as files of the Alertmanager's pods."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from telemetry.config.credentials import Credentials
from telemetry.spec.alertmanager import SECRET, made_here
from telemetry.stack import Stack


class ReceiverCredentials(pulumi.ComponentResource):
    """A Secret with a key for each receiver whose credential stands in telemetry:credentials.

    Who mounts it reads a changed one by itself; the configuration that names the files is in the backend's release.
    """

    receivers: list[str]
    """Names of these receivers."""

    def __init__(
        self, name: str, *, stack: Stack, credentials: Credentials, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("telemetry:monitoring:ReceiverCredentials", name, opts=opts)
        self.receivers = _receivers(stack)
        k8s.core.v1.Secret(
            SECRET,
            metadata={
                "name": SECRET,
                "namespace": stack.namespace.name,
                "labels": {"app.kubernetes.io/part-of": "telemetry"},
            },
            string_data={
                each: pulumi.Output.secret(credentials.alerting[each].get_secret_value()) for each in self.receivers
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"receivers": self.receivers})

    @classmethod
    def of(cls, stack: Stack, credentials: Credentials, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the credentials of a stack's receivers; None where they need none of ours."""
        return cls("receivers", stack=stack, credentials=credentials, opts=opts) if _receivers(stack) else None


def _receivers(stack: Stack) -> list[str]:
    return list(made_here(stack.alerting)) if stack.alerting is not None else []
