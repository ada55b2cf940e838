"""Who may speak with the stack's pods, in the terms of NetworkPolicies, and a namespace's default requests."""

import ipaddress
import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.labels import LabelKey, LabelValue
from telemetry.config.object_store import ObjectStore
from telemetry.config.oidc import Oidc
from telemetry.config.quantities import Bytes, Cpu
from telemetry.config.resources import Compute

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""The label with a namespace's own name, which the API server sets and holds (Kubernetes 1.22)."""
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Addresses inside a network (RFC 1918, 6598, 4193)."""
NEVER_RECEIVERS = ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10")
"""A pod itself, and its node's services, such as a cloud's credentials."""
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_NEVER = tuple(map(ipaddress.ip_network, NEVER_RECEIVERS))


_CIDR = re.compile(r"[0-9a-f.:]+(/[0-9]{1,3})?", re.IGNORECASE)
"""Neither a mask in place of a prefix nor a zone behind an address: Python takes both, Kubernetes does not."""


def _check_cidr(value: str) -> str:
    try:
        found = ipaddress.ip_network(value if _CIDR.fullmatch(value) else "", strict=False)
    except ValueError as error:
        raise ValueError("not a range of addresses; write it such as 10.20.0.0/16 or 10.20.30.40/32") from error
    if isinstance(found, ipaddress.IPv6Network) and found.subnet_of(_MAPPED):
        raise ValueError("is IPv4 in the form of IPv6, which matches no connection; write it as IPv4")
    if "/" in value and found.network_address != ipaddress.ip_address(value.partition("/")[0]):
        raise ValueError(f"has bits behind its prefix; write {found}, or {value.partition('/')[0]} for that address")
    return str(found)


Cidr = Annotated[str, AfterValidator(_check_cidr)]
"""A range of addresses, IPv4 or IPv6, without host bits."""
PortNumber = Annotated[int, Field(ge=1, le=65_535)]


class Place(Settings):
    """Where somebody is who speaks with the stack's pods. Empty, it is nobody."""

    namespaces: list[dict[LabelKey, LabelValue]] = Field(
        default_factory=list,
        description=f"Labels of namespaces, such as `{NAMESPACE_LABEL}: tools`. Each entry is a selector: all of its "
        "labels must match, and `{}` is every namespace (Kubernetes' NetworkPolicy).",
    )
    pods: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels of the pods in these namespaces; none is every pod."
    )
    cidrs: list[Cidr] = Field(
        default_factory=list,
        description="Addresses outside of the cluster, such as `10.20.0.0/16`; those of pods change, so no policy is "
        "to name them.",
    )

    @model_validator(mode="after")
    def _pods_are_somewhere(self) -> Self:
        if self.pods and not self.namespaces:
            raise SettingError("pods", "means nobody without namespaces; add namespaces, or remove it")
        return self

    @property
    def is_nobody(self) -> bool:
        """Whether nobody is meant."""
        return not (self.namespaces or self.cidrs)


class Destination(Place):
    """Whom the stack's pods call."""

    ports: list[PortNumber] = Field(
        default_factory=list,
        description="TCP ports of the pods or machines there. A policy sees the port of a pod, not that of the Service "
        "in front of it.",
    )


class Limits(Settings):
    """Limits of a container that states none."""

    cpu: Cpu | None = Field(default=None, description="CPU limit; what a quota on limits.cpu asks of every container.")
    memory: Bytes | None = Field(default=None, description="Memory limit; the same for limits.memory.")
    ephemeral_storage: Bytes | None = Field(
        default=None, description="Limit, and with it the request, of what it writes to its node's disk."
    )

    def of(self, name: str) -> int | None:
        """Return the limit of `cpu`, `memory` or `ephemeral-storage`."""
        found: int | None = getattr(self, name.replace("-", "_"))
        return found


class LimitRange(Settings):
    """What the namespace gives containers that say nothing."""

    default_request: Compute = Field(description="Requests of a container that states none (Kubernetes' LimitRange).")
    default_limit: Limits | None = Field(
        default=None,
        description="Limits of a container that states none. They hold the stack's own pods too, so set them only "
        "where the namespace's quota counts limits: without any it refuses every pod.",
    )
    create: bool = Field(
        default=True,
        description="Whether the program makes it. Off where the platform has one: it is then only said here what "
        "that gives, so that it is counted.",
    )


class Security(Settings):
    """Guard rails around the stack's pods."""

    network_policies: bool = Field(
        default=True,
        description="Whether the stack's own pods are cut off from everything but the flows in network.md; pods of "
        "others in the namespace are left alone. Needs a network plugin that enforces NetworkPolicies.",
    )
    grafana: Place | None = Field(
        default=None,
        description="Where Grafana queries from; none is the stack's own namespace. All environments share one, "
        "so most stacks name another.",
    )
    clients: Place | None = Field(
        default=None,
        description="Where collectors and applications send and read from; none is the stack's own namespace. With a "
        "gateway they reach nothing else.",
    )
    ingress: Place | None = Field(
        default=None,
        description="Where the pods are that bring connections from outside to the gateway (gateway.expose): an "
        "ingress controller's, a router's, a Gateway's. None is OpenShift's routers for routes, else nobody. A load "
        "balancer needs none: it keeps the addresses of clients.",
    )
    monitoring: Place | None = Field(
        default=None,
        description="What scrapes the backends' metrics; none is openshift-monitoring and "
        "openshift-user-workload-monitoring on OpenShift, else the namespace `monitoring`.",
    )
    dns: Place | None = Field(
        default=None,
        description="Where the cluster's DNS is; none is the namespace of kubernetes.dns_service. With a cache on each "
        "node (NodeLocal DNSCache), which is no pod to a policy, add as `cidrs` the addresses that it answers at: "
        "169.254.20.10/32, and with kube-proxy's iptables that of the DNS Service as well (network.md).",
    )
    object_store: Destination | None = Field(
        default=None,
        description="Where the pods behind object_store.endpoint are. None is what that says itself: the namespace in "
        "`name.namespace.svc`, or its address. Without ports: that of the endpoint.",
    )
    oidc: Destination | None = Field(
        default=None,
        description="Where the pods behind gateway.oidc.url are. None is what that says itself: the namespace in "
        "`name.namespace.svc`, or its address. Without ports: that of the address.",
    )
    api_server: Place | None = Field(
        default=None,
        description="From where the API server reaches pods; `smoke` alone needs it. None is the host network on "
        "OpenShift, which has a label there, else nobody.",
    )
    alert_receivers: Destination | None = Field(
        default=None,
        description="Whom Mimir's alertmanager notifies (mail, chat, pager), with their ports; none is nobody. Tenants "
        "write receivers themselves, so Mimir refuses private addresses but those of `cidrs` that lie within a private "
        "range: `0.0.0.0/0` opens none.",
    )
    limit_range: LimitRange | None = Field(
        default=None,
        description="A LimitRange for the namespace; none where the platform owns it, as on OpenShift.",
    )

    @model_validator(mode="after")
    def _receivers_have_ports(self) -> Self:
        receivers = self.alert_receivers
        if receivers is not None and not (receivers.ports and not receivers.is_nobody):
            raise SettingError("alert_receivers", "needs both a place and ports, such as {cidrs: […], ports: [443]}")
        return self

    @model_validator(mode="after")
    def _receivers_are_not_the_nodes(self) -> Self:
        receivers = self.alert_receivers or Destination()
        for index, each in enumerate(map(ipaddress.ip_network, receivers.cidrs)):
            if any(each.version == other.version and each.subnet_of(other) for other in _NEVER):  # type: ignore[arg-type]
                raise SettingError(
                    f"alert_receivers.cidrs.{index}",
                    f"{each} is a pod's own, or its node's, and stays closed to receivers; remove it",
                )
        return self


def store_of(security: Security, store: ObjectStore, own_namespace: str, cluster_domain: str) -> Destination:
    """Return where the object store's pods or machines are, and their ports.

    Raises:
        SettingError: nobody says so. An open way to anywhere would be no guard.
    """
    chosen = security.object_store or Destination()
    return _place_of(store.endpoint, chosen, "object_store", "object_store.endpoint", own_namespace, cluster_domain)


def oidc_of(security: Security, oidc: Oidc | None, own_namespace: str, cluster_domain: str) -> Destination:
    """Return where the pods or machines are that know an OpenID provider's tokens, and their ports; nowhere without.

    Raises:
        SettingError: nobody says so.
    """
    if oidc is None:
        return Destination()
    chosen = security.oidc or Destination()
    return _place_of(oidc.url, chosen, "oidc", "gateway.oidc.url", own_namespace, cluster_domain)


def _place_of(
    address: str, chosen: Destination, key: str, said_by: str, own_namespace: str, cluster_domain: str
) -> Destination:
    """Return the place that was chosen, or that an address says; `key` is where to choose one, below `security`."""
    url = urlsplit(address)
    port = url.port or {"http": 80, "https": 443}[url.scheme.lower()]
    place = _place_of_host(url.hostname or "", own_namespace, cluster_domain) if chosen.is_nobody else chosen
    if place is None:
        raise SettingError(
            f"security.{key}",
            f"is not set, and what addresses {url.hostname} has ({said_by}) is beyond a NetworkPolicy; add "
            "{cidrs: […]} or {namespaces: […]}, or set security.network_policies: false",
        )
    parts = {"namespaces": place.namespaces, "pods": place.pods, "cidrs": place.cidrs}
    return Destination.model_validate({**parts, "ports": chosen.ports or [port]})


def _place_of_host(host: str, own_namespace: str, cluster_domain: str) -> Place | None:
    """Return where a host is, as far as its name tells: an address, or a Service of the cluster."""
    try:
        return Place(cidrs=[str(ipaddress.ip_network(host))])
    except ValueError:
        pass
    host = host.removesuffix(".")
    inner = host.removesuffix(f".{cluster_domain}").removesuffix(".svc")
    labels = inner.split(".")
    if not host.endswith((".svc", f".svc.{cluster_domain}")):
        return named(own_namespace) if len(labels) == 1 else None
    return named(labels[-1]) if len(labels) > 1 else None


def named(*namespaces: str) -> Place:
    """Return the place that is all pods of some namespaces."""
    return Place(namespaces=[{NAMESPACE_LABEL: each} for each in namespaces])
