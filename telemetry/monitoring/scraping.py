"""What of the platform is scraped: pods by their labels, and their port by its number.

By pods, not by Services: a pod is behind several, and would be scraped once for each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.collector.addresses import APP, HTTP_PORT, RELEASE
from telemetry.config.existing import ScrapeAccess, ScrapedPods
from telemetry.gateway.addresses import SERVICE
from telemetry.gateway.layout import Layout
from telemetry.spec.flows import COMPONENT_LABEL, INSTANCE_LABEL, NAME_LABEL
from telemetry.spec.values.transport import serves_tls
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first
from telemetry.stack.existing import existing_of


@dataclass(frozen=True)
class Target:
    """Pods that have metrics at `/metrics` of one port."""

    name: str
    """What it is called in names of objects."""
    title: str
    """What people call it, within a sentence."""
    namespace: str
    labels: Mapping[str, str]
    """Labels of the pods."""
    port: int
    releases: tuple[str, ...] = ()
    """Of ours, the labels `app.kubernetes.io/instance`: the namespace may have others of the same name. Empty: any."""
    without: tuple[str, ...] = ()
    """The labels `app.kubernetes.io/component` of pods that have no metrics."""
    tls: bool = False
    """Whether the port speaks TLS, with the backends' certificate."""
    access: ScrapeAccess | None = None
    """What pods of others ask of who scrapes them, by TLS."""

    @property
    def is_ours(self) -> bool:
        """Whether the pods are of this stack."""
        return bool(self.releases)

    @property
    def app(self) -> str:
        """Of ours, the label `app.kubernetes.io/name` of the pods."""
        return self.labels[NAME_LABEL]

    @property
    def selector(self) -> dict[str, Any]:
        """The pods as a label selector of Kubernetes."""
        listed = ((INSTANCE_LABEL, "In", self.releases), (COMPONENT_LABEL, "NotIn", self.without))
        terms = [{"key": key, "operator": word, "values": list(values)} for key, word, values in listed if values]
        return {"matchLabels": dict(self.labels), **({"matchExpressions": terms} if terms else {})}

    @property
    def query(self) -> str:
        """The same as queries of the API server have it."""
        listed = ((INSTANCE_LABEL, "in", self.releases), (COMPONENT_LABEL, "notin", self.without))
        terms = [f"{key} {word} ({','.join(values)})" for key, word, values in listed if values]
        return ",".join([*(f"{key}={value}" for key, value in self.labels.items()), *terms])


def targets_of(stack: Stack) -> tuple[Target, ...]:
    """Return what of a stack is scraped, whoever does it; programs of others last."""
    return (*_ours(stack), *_others(stack))


def _ours(stack: Stack) -> Iterator[Target]:
    for backend in (each.of for each in metrics_first(stack.backends)):
        for app, port in ((backend.name, backend.http_port), *backend.other_metrics):
            own = app == backend.name
            yield Target(
                app if own else f"{app}-{port}",
                backend.title if own else f"{app.title()} (port {port})",
                stack.namespace.name,
                {NAME_LABEL: app},
                port,
                backend.release_names,
                backend.without_metrics,
                serves_tls(stack),
            )
    if stack.gateway is not None:
        yield _plain(stack, SERVICE, "the gateway", Layout().health_port, SERVICE)
    if stack.collector_role is not None:
        yield _plain(stack, APP, "the collector", HTTP_PORT, RELEASE)


def _plain(stack: Stack, name: str, title: str, port: int, release: str) -> Target:
    return Target(name, title, stack.namespace.name, {NAME_LABEL: name}, port, (release,))


def _others(stack: Stack) -> Iterator[Target]:
    for backend in existing_of(stack):
        yield _of_others(backend.of.name, f"the existing {backend.of.title}", backend.settings)
    if stack.monitoring.object_store is not None:
        yield _of_others("object-store", "the object store", stack.monitoring.object_store)
    if stack.collector is not None and stack.collector.own_metrics is not None:
        yield _of_others("collector", "the existing collector", stack.collector.own_metrics)


def _of_others(name: str, title: str, pods: ScrapedPods) -> Target:
    return Target(name, title, pods.namespace, pods.pods, pods.port, access=pods.access)
