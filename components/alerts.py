"""Rules that tell of trouble with the platform itself, as objects of the Prometheus operator."""

from typing import Self

import pulumi

from components.kubernetes import operator_objects
from telemetry.monitoring.operator import prometheus_rules
from telemetry.stack import Stack


class Alerts(pulumi.ComponentResource):
    """PrometheusRule objects, one per family.

    They need the operator's CRD, and an operator whose ruleSelector matches `telemetry:monitoring.labels`.
    """

    rules: list[str]
    """Names of the PrometheusRule objects."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:monitoring:Alerts", name, opts=opts)
        self.rules = operator_objects(prometheus_rules(stack), labels=stack.monitoring.labels, parent=self)
        self.register_outputs({"rules": self.rules})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the rules of a stack; None where they go elsewhere."""
        return cls("alerts", stack=stack, opts=opts) if stack.monitoring.rules == "prometheus-rule" else None
