"""What of the platform is scraped: its pods by their labels, and their port by its number.

By pods, not by Services: a pod is behind several, and would be scraped once for each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from telemetry.collector.addresses import APP, HTTP_PORT, RELEASE
from telemetry.gateway.addresses import SERVICE
from telemetry.gateway.layout import Layout
from telemetry.spec.flows import COMPONENT_LABEL, INSTANCE_LABEL, NAME_LABEL
from telemetry.spec.values.transport import serves_tls
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first


@dataclass(frozen=True)
class Target:
    """Pods that have metrics at `/metrics` of one port."""

    app: str
    """The label `app.kubernetes.io/name` of the pods."""
    title: str
    """What people call it, within a sentence."""
    namespace: str
    releases: tuple[str, ...]
    """The labels `app.kubernetes.io/instance`: the namespace may have pods of somebody else's with the same name."""
    port: int
    without: tuple[str, ...] = ()
    """The labels `app.kubernetes.io/component` of pods that have no metrics."""
    tls: bool = False
    """Whether the port speaks TLS, with the backends' certificate."""

    @property
    def selector(self) -> dict[str, Any]:
        """Return the pods as a label selector of Kubernetes."""
        terms = [{"key": INSTANCE_LABEL, "operator": "In", "values": list(self.releases)}]
        if self.without:
            terms.append({"key": COMPONENT_LABEL, "operator": "NotIn", "values": list(self.without)})
        return {"matchLabels": {NAME_LABEL: self.app}, "matchExpressions": terms}

    @property
    def query(self) -> str:
        """Return the same as the API server's queries have it."""
        terms = [f"{NAME_LABEL}={self.app}", f"{INSTANCE_LABEL} in ({','.join(self.releases)})"]
        return ",".join([*terms, *([f"{COMPONENT_LABEL} notin ({','.join(self.without)})"] if self.without else [])])


def targets_of(stack: Stack) -> tuple[Target, ...]:
    """Return what of a stack is scraped, whoever does it."""
    return tuple(_targets(stack))


def _targets(stack: Stack) -> Iterator[Target]:
    here = stack.namespace.name
    for backend in (each.of for each in metrics_first(stack.backends)):
        yield Target(
            backend.name,
            backend.title,
            here,
            backend.release_names,
            backend.http_port,
            without=backend.without_metrics,
            tls=serves_tls(stack),
        )
    if stack.gateway is not None:
        yield Target(SERVICE, "the gateway", here, (SERVICE,), Layout().health_port)
    if stack.collector_role is not None:
        yield Target(APP, "the collector", here, (RELEASE,), HTTP_PORT)
