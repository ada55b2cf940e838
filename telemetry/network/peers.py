"""The peers of a stack's flows: its pods, and its neighbours outside."""

from typing import NamedTuple

from telemetry.collector.addresses import APP, RELEASE
from telemetry.config.network import Destination, Place, named, oidc_of, store_of
from telemetry.gateway.addresses import SERVICE as GATEWAY
from telemetry.spec.flows import Outside, Pods
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first
from telemetry.stack.outside import ingress_of

_HOST_NETWORK = {"policy-group.network.openshift.io/host-network": ""}
"""What OpenShift's OVN-Kubernetes calls the host network of all nodes."""


class Neighbours(NamedTuple):
    """The systems and people outside of a stack that its pods speak with."""

    dns: Outside
    object_store: Outside
    oidc: Outside
    grafana: Outside
    clients: Outside
    ingress: Outside
    monitoring: Outside
    api_server: Outside
    alert_receivers: Outside


def labels_of(stack: Stack) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the values of the labels name and instance that the stack's pods have, in whatever shape a backend is.

    Those of a backend only where there is one of ours: the plan's namespaces may have another of that name, which is
    not to be cut.
    """
    backends = [backend.of for backend in metrics_first(stack.backends)]
    names = (pods.app for backend in metrics_first(stack.backends) for pods in backend.network.pods)
    collectors = (collector(),) if stack.collector_role else ()
    return (
        (GATEWAY, *dict.fromkeys(names), *(each.app for each in collectors)),
        (GATEWAY, *(name for each in backends for name in each.release_names), *(each.release for each in collectors)),
    )


def neighbours_of(stack: Stack) -> Neighbours:
    """Return where a stack's neighbours are: as its settings say, else as its platform has it.

    Raises:
        SettingError: nobody says where the object store is, or who knows an OpenID provider's tokens.
    """
    cluster_domain = stack.kubernetes.cluster_domain
    security, here = stack.security, named(stack.namespace.name)
    openshift = stack.kubernetes.platform == "openshift"
    scrapers = ("openshift-monitoring", "openshift-user-workload-monitoring") if openshift else ("monitoring",)
    api_server = Place(namespaces=[_HOST_NETWORK]) if openshift else Place()
    return Neighbours(
        dns=Outside("DNS", security.dns or named(stack.kubernetes.dns.namespace)),
        object_store=Outside(
            "object store", store_of(security, stack.object_store, stack.namespace.name, cluster_domain)
        ),
        oidc=Outside(
            "OpenID proxy",
            oidc_of(security, stack.gateway.oidc if stack.gateway else None, stack.namespace.name, cluster_domain),
        ),
        grafana=Outside("Grafana", security.grafana or here),
        clients=Outside("clients", security.clients or here),
        ingress=Outside("way in from outside", ingress_of(stack)),
        monitoring=Outside("monitoring", security.monitoring or named(*scrapers)),
        api_server=Outside("API server", security.api_server or api_server),
        alert_receivers=Outside("alert receivers", security.alert_receivers or Destination()),
    )


def gateway() -> Pods:
    """Return our gateway's pods."""
    return Pods(GATEWAY, GATEWAY)


def collector() -> Pods:
    """Return the collector's pods."""
    return Pods(APP, RELEASE)


def workloads_of(stack: Stack) -> tuple[Pods, ...]:
    """Return what runs, releases that are being moved away from included."""
    return (
        *((gateway(),) if stack.gateway else ()),
        *((collector(),) if stack.collector_role else ()),
        *(pods for backend in metrics_first(stack.backends) for pods in backend.network.pods),
    )
