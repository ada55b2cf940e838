"""Secrets that External Secrets Operator makes of what a store has."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from telemetry.stack import Stack
from telemetry.stack.external_secrets import objects_of


class ExternalSecrets(pulumi.ComponentResource):
    """ExternalSecrets. Nobody waits for the Secrets but the pods that mount them."""

    secrets: list[str]
    """Names of the Secrets."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:secrets:ExternalSecrets", name, opts=opts)
        wanted = {each["metadata"]["name"]: each for each in objects_of(stack)}
        for secret, each in wanted.items():
            k8s.apiextensions.CustomResource(
                secret,
                api_version=each["apiVersion"],
                kind=each["kind"],
                metadata=each["metadata"],
                spec=each["spec"],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.secrets = list(wanted)
        self.register_outputs({"secrets": self.secrets})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the ExternalSecrets of a stack; None where it has none."""
        return cls("external-secrets", stack=stack, opts=opts) if stack.external_secrets is not None else None
