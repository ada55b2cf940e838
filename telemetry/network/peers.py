"""The two kinds of parties of a flow: pods of the stack's own, and whoever is beyond it."""

from dataclasses import dataclass
from typing import NamedTuple

from telemetry.backends.loki import values as loki_chart
from telemetry.backends.loki.settings import Logs
from telemetry.backends.loki.values import RELEASE as LOKI
from telemetry.backends.mimir.values import RELEASE as MIMIR
from telemetry.backends.pyroscope import values as pyroscope_chart
from telemetry.backends.pyroscope.settings import Profiles
from telemetry.backends.pyroscope.values import RELEASE as PYROSCOPE
from telemetry.backends.tempo.release import TEMPO
from telemetry.backends.tempo.settings import Topology
from telemetry.collector.values import RELEASE as COLLECTOR
from telemetry.config.network import Destination, Place, named, store_of
from telemetry.gateway.addresses import SERVICE as GATEWAY
from telemetry.stack import Stack

NAME_LABEL, INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"
COMPONENT_LABEL = "app.kubernetes.io/component"

_HOST_NETWORK = {"policy-group.network.openshift.io/host-network": ""}
"""What OpenShift's OVN-Kubernetes calls the host network of all nodes."""


@dataclass(frozen=True)
class Pods:
    """The pods of one workload, by the labels that its chart gives them."""

    app: str
    release: str
    role: str | None = None

    @property
    def name(self) -> str:
        """What the charts call the workload; the role of a single binary is not in its name."""
        return (
            self.release
            if self.role in (None, loki_chart.SINGLE, pyroscope_chart.SINGLE)
            else f"{self.release}-{self.role}"
        )

    @property
    def labels(self) -> dict[str, str]:
        """The labels that single them out."""
        role = {} if self.role is None else {COMPONENT_LABEL: self.role}
        return {NAME_LABEL: self.app, INSTANCE_LABEL: self.release, **role}


@dataclass(frozen=True)
class Outside:
    """Whoever is not of the stack."""

    name: str
    place: Place


Party = Pods | Outside


class Neighbours(NamedTuple):
    """All who are not of the stack."""

    dns: Outside
    object_store: Outside
    grafana: Outside
    clients: Outside
    monitoring: Outside
    api_server: Outside
    alert_receivers: Outside


def labels_of(stack: Stack) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the values of the labels name and instance that the stack's pods have, in whatever shape a backend is.

    Loki's and Pyroscope's only where there is one of ours: the plan's namespaces may have another of that name, which
    is not to be cut.
    """
    logs = (LOKI,) if stack.logs else ()
    profiles = (PYROSCOPE,) if stack.profiles else ()
    collectors = (collector(),) if stack.collector_role else ()
    return (
        (GATEWAY, "mimir", "tempo", *logs, *profiles, *(each.app for each in collectors)),
        (GATEWAY, MIMIR, *TEMPO.values(), *logs, *profiles, *(each.release for each in collectors)),
    )


def neighbours_of(stack: Stack) -> Neighbours:
    """Return where a stack's neighbours are: as its settings say, else as its platform has it.

    Raises:
        SettingError: nobody says where the object store is.
    """
    cluster_domain = stack.kubernetes.cluster_domain
    security, own = stack.security, named(stack.namespace.name)
    openshift = stack.kubernetes.platform == "openshift"
    scrapers = ("openshift-monitoring", "openshift-user-workload-monitoring") if openshift else ("monitoring",)
    api_server = Place(namespaces=[_HOST_NETWORK]) if openshift else Place()
    return Neighbours(
        dns=Outside("DNS", security.dns or named(stack.kubernetes.dns.namespace)),
        object_store=Outside(
            "object store", store_of(security, stack.object_store, stack.namespace.name, cluster_domain)
        ),
        grafana=Outside("Grafana", security.grafana or own),
        clients=Outside("clients", security.clients or own),
        monitoring=Outside("monitoring", security.monitoring or named(*scrapers)),
        api_server=Outside("API server", security.api_server or api_server),
        alert_receivers=Outside("alert receivers", security.alert_receivers or Destination()),
    )


def gateway() -> Pods:
    """Return our gateway's pods."""
    return Pods(GATEWAY, GATEWAY)


def collector() -> Pods:
    """Return the collector's pods."""
    return Pods("alloy", COLLECTOR)


def mimir(*roles: str) -> tuple[Pods, ...]:
    """Return the pods of some of Mimir's roles."""
    return tuple(Pods("mimir", MIMIR, role) for role in roles)


def tempo(topology: Topology, *roles: str) -> tuple[Pods, ...]:
    """Return the pods of some of Tempo's roles; one workload plays them all where it is a single binary."""
    if topology == "monolithic":
        return (Pods("tempo", TEMPO[topology]),)
    return tuple(Pods("tempo", TEMPO[topology], role) for role in roles)


def loki(logs: Logs | None, *roles: str) -> tuple[Pods, ...]:
    """Return the pods of some of Loki's roles, where there is one; a single binary plays them all."""
    if logs is None:
        return ()
    if logs.topology == "monolithic":
        return (Pods("loki", LOKI, loki_chart.SINGLE),)
    return tuple(Pods("loki", LOKI, role) for role in roles)


def pyroscope(profiles: Profiles | None, *roles: str) -> tuple[Pods, ...]:
    """Return the pods of some of Pyroscope's roles, where there is one; a single binary plays them all."""
    if profiles is None:
        return ()
    if profiles.topology == "monolithic":
        return (Pods("pyroscope", PYROSCOPE, pyroscope_chart.SINGLE),)
    return tuple(Pods("pyroscope", PYROSCOPE, role) for role in roles)


def workloads_of(stack: Stack) -> tuple[Pods, ...]:
    """Return what runs, the release that Tempo is moving away from included."""
    return (
        *((gateway(),) if stack.gateway else ()),
        *((collector(),) if stack.collector_role else ()),
        *mimir(*stack.backend("metrics").sizes[0].roles),
        *(pods for shape in stack.traces.shapes for pods in tempo(shape.topology, *shape.roles)),
        *(loki(stack.logs, *stack.logs.roles) if stack.logs else ()),
        *(pyroscope(stack.profiles, *stack.profiles.roles) if stack.profiles else ()),
    )
