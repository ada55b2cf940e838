"""How the program reaches the systems that it configures: a cluster and a Grafana."""

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from telemetry.config.addresses import Url
from telemetry.config.base import Line, Settings
from telemetry.config.existing_secrets import LoginSecret
from telemetry.config.quantities import Duration
from telemetry.config.resources import Nodes

_MINUTE = 60
ClusterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$")]
"""A cluster as the label `cluster` has it."""
Family = Literal["IPv4", "IPv6"]
"""A family of addresses, as Kubernetes calls it."""
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_SERVICES = {"openshift": "dns-default.openshift-dns", "kubernetes": "kube-dns.kube-system"}
"""The cluster's DNS where nobody says otherwise."""


class DnsService(NamedTuple):
    """The Service of the cluster's DNS."""

    name: str
    namespace: str


class Kubernetes(Settings):
    """The cluster."""

    context: Line = Field(
        description="The kubeconfig context to use, named explicitly so that an ambient one is never touched.",
    )
    kubeconfig: str | None = Field(
        default=None,
        pattern=r"^(~/|[^~\n\x00])[^\n\x00]{0,4095}$",  # its content would carry tokens into messages
        description="Path of the kubeconfig file, in full or from ~/; without it the usual KUBECONFIG or "
        "~/.kube/config is read, which is better: a path here is kept in the state, so it has to be the same wherever "
        "Pulumi runs, and each run leaves a copy of the file in TMPDIR (docs/sources.md, Helm and Kubernetes 12).",
    )
    cluster_identifier: Line | None = Field(
        default=None,
        description="A name of the cluster that outlives its address: without one the provider replaces every "
        "release when the API server's URL changes. Default: the context's name.",
    )
    cluster: ClusterName | None = Field(
        default=None,
        description="Its name in its data, by which that of several clusters is told apart: the label `cluster` of "
        "metrics and of pods' logs, and k8s.cluster.name of what applications send (docs/clusters.md). None: data does "
        "not say it.",
    )
    platform: Literal["openshift", "kubernetes"] = Field(
        default="openshift",
        description="openshift: the platform picks user ids, so ours are left out. kubernetes: the charts' own ids.",
    )
    cluster_domain: str = Field(
        default="cluster.local",
        pattern=rf"^{_LABEL}(\.{_LABEL})*$",
        max_length=200,
        description="What names of Services end in. They are written out with it, so that no domain of a node's is "
        "searched; the kubelets' clusterDomain says which it is.",
    )
    dns_service: str | None = Field(
        default=None,
        pattern=rf"^{_LABEL}\.{_LABEL}$",
        description="The Service of the cluster's DNS as `name.namespace`: the gateway asks it, and does not start "
        "without it. None is dns-default.openshift-dns on OpenShift, else kube-dns.kube-system; RKE2 has "
        "rke2-coredns-rke2-coredns.kube-system, kubespray coredns.kube-system.",
    )
    ip_families: list[Family] = Field(
        default=["IPv4"],
        min_length=1,
        max_length=2,
        description="Addresses that pods have, the cluster's first family first: [IPv4], [IPv6], or both. Where the "
        "gateway and Tempo's receivers listen, and which addresses the gateway asks for. The rings of the backends "
        "look for IPv4: where pods have none, their charts have to be told more (docs/first-deployment.md).",
    )

    nodes: Nodes | None = Field(
        default=None,
        description="The nodes that there are. Known, replicas are spread by a hard rule where there are nodes enough, "
        "and a replica that fits on none is refused; unknown, spreading is best effort.",
    )
    nodes_on_demand: bool = Field(
        default=False,
        description="Whether nodes are made when pods wait for them (cluster autoscaler, Karpenter): then labels that "
        "no node has yet are no reason to refuse an `up`.",
    )

    release_timeout: Duration = Field(
        default=15 * _MINUTE,
        ge=_MINUTE,
        le=120 * _MINUTE,
        description="How long an `up` waits for each Helm release until its pods are ready, before it ends with an "
        "error: longer where images and volumes come slowly, shorter in a pipeline that is to fail early. Rings take "
        "minutes to settle: Helm's own five are too few for an upgrade (docs/sources.md, Mimir 12).",
    )

    @property
    def dns(self) -> DnsService:
        """The Service of the cluster's DNS."""
        return DnsService(*(self.dns_service or _DNS_SERVICES[self.platform]).split("."))

    @property
    def kubeconfig_file(self) -> str | None:
        """The kubeconfig's path with `~` resolved; None is the usual one."""
        return str(Path(self.kubeconfig).expanduser()) if self.kubeconfig else None

    @property
    def identity(self) -> str:
        """The cluster's stable name."""
        return self.cluster_identifier or self.context


class Grafana(Settings):
    """The Grafana instance that all environments share."""

    url: Url = Field(description="Its address as seen from where Pulumi runs.")
    secret: LoginSecret | None = Field(
        default=None,
        description="A Secret with our login, which exists already. Pulumi's provider takes it from GRAFANA_AUTH, "
        "which whoever runs Pulumi sets; neither config nor state has it. None: telemetry:credentials has the login.",
    )
    reaches_services: bool = Field(
        default=False,
        description="Whether a Grafana outside of the cluster (security.grafana.cidrs) resolves and reaches the names "
        "of Services there; else it needs gateway.expose.",
    )
