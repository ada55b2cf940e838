"""Secrets that External Secrets Operator makes of what a store has."""

from functools import partial
from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from telemetry.stack import Stack
from telemetry.stack.external_secrets import objects_of


class ExternalSecrets(pulumi.ComponentResource):
    """ExternalSecrets. Each is there once the operator has made its Secret, so what mounts one comes after it."""

    secrets: list[str]
    """Names of the Secrets."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:secrets:ExternalSecrets", name, opts=opts)
        wanted = {each["metadata"]["name"]: each for each in objects_of(stack)}
        on_error = partial(_say_what_to_look_at, namespace=stack.namespace.name)
        hooks = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("no-secret", on_error)])
        for secret, each in wanted.items():
            k8s.apiextensions.CustomResource(
                secret,
                api_version=each["apiVersion"],
                kind=each["kind"],
                metadata=each["metadata"],
                spec=each["spec"],
                opts=pulumi.ResourceOptions(parent=self, hooks=hooks),
            )
        self.secrets = list(wanted)
        self.register_outputs({"secrets": self.secrets})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the ExternalSecrets of a stack; None where it has none."""
        return cls("external-secrets", stack=stack, opts=opts) if stack.external_secrets is not None else None


def _say_what_to_look_at(failed: pulumi.ErrorHookArgs, *, namespace: str) -> bool:
    """Say of a Secret that has not come who knows why; it is not tried again in this run."""
    if any("timed out" in each for each in failed.errors):
        pulumi.log.error(
            f"telemetry:external_secrets.secrets.{failed.name}: the operator has not made Secret {failed.name} in "
            f"time; it says why in: kubectl describe externalsecret {failed.name} -n {namespace}; mend that, and begin "
            "again"
        )
    return False
