"""What keeps strangers from the stack's pods, and its pods from strangers."""

import pulumi
import pulumi_kubernetes as k8s

from telemetry.config.network import LimitRange, Limits
from telemetry.config.quantities import bytes_text, cpu_text
from telemetry.config.quota import text
from telemetry.network.policies import policies_of
from telemetry.stack import Stack

_LABELS = {"app.kubernetes.io/part-of": "telemetry"}


class NetworkPolicies(pulumi.ComponentResource):
    """NetworkPolicies for every workload, and a LimitRange where one is asked for.

    To be made before the workloads, so that no pod of theirs is ever without; and so removed after them.
    """

    policies: list[str]
    """Names of the NetworkPolicies; none where they are switched off."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:security:Guardrails", name, opts=opts)
        namespace = stack.namespace.name
        wanted = policies_of(stack)
        for policy, spec in wanted.items():
            k8s.networking.v1.NetworkPolicy(
                policy,
                metadata={"name": policy, "namespace": namespace, "labels": _LABELS},
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self),
            )
        if stack.security.limit_range is not None and stack.security.limit_range.create:
            self._limit_range(stack.security.limit_range, namespace)
        self.policies = list(wanted)
        self.register_outputs({"policies": self.policies})

    def _limit_range(self, settings: LimitRange, namespace: str) -> None:
        asked = settings.default_request
        given = {
            "type": "Container",
            "defaultRequest": {"cpu": cpu_text(asked.cpu), "memory": bytes_text(asked.memory)},
        }
        limits = settings.default_limit or Limits()
        names = ("cpu", "memory", "ephemeral-storage")
        if default := {name: text(name, limit) for name in names if (limit := limits.of(name)) is not None}:
            given["default"] = default
        k8s.core.v1.LimitRange(
            "telemetry",
            metadata={"name": "telemetry", "namespace": namespace, "labels": _LABELS},
            spec={"limits": [given]},
            opts=pulumi.ResourceOptions(parent=self),
        )
