"""The priority class of the stack's pods, where the program is to make it."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from telemetry.config.priority import PriorityClass as Wanted
from telemetry.stack import Stack


class PriorityClass(pulumi.ComponentResource):
    """An object of the cluster, not of the namespace: whoever deploys needs the right to make it."""

    def __init__(self, name: str, *, settings: Wanted, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:kubernetes:PriorityClass", name, opts=opts)
        k8s.scheduling.v1.PriorityClass(
            settings.name,
            metadata={"name": settings.name},
            value=settings.value,
            preemption_policy="PreemptLowerPriority" if settings.preempts else "Never",
            description="Pods of the telemetry platform.",
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the class of a stack; None where it exists already, or pods have the cluster's default."""
        wanted = stack.priority_class
        return cls("priority-class", settings=wanted, opts=opts) if wanted and wanted.value is not None else None
