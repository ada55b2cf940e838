"""What a Prometheus operator scrapes of the platform."""

from typing import Self

import pulumi

from components.kubernetes import operator_objects
from telemetry.monitoring.operator import pod_monitors
from telemetry.stack import Stack


class Scraping(pulumi.ComponentResource):
    """PodMonitor objects, one for each backend, the gateway, the collector, and what others run.

    They need the operator's CRD, and an operator whose podMonitorSelector matches `telemetry:monitoring.labels`.
    """

    monitors: list[str]
    """Names of the PodMonitor objects."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:monitoring:Scraping", name, opts=opts)
        self.monitors = operator_objects(pod_monitors(stack), labels=stack.monitoring.labels, parent=self)
        self.register_outputs({"monitors": self.monitors})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return what is scraped of a stack; None where no operator does it."""
        return cls("scraping", stack=stack, opts=opts) if stack.monitoring.scrape == "operator" else None
