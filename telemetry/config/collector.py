"""The collector: it takes applications' telemetry, and may scrape the platform and read pods' logs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.chart import Chart, Versions, checked_version, must_be
from telemetry.config.existing import ScrapedPods
from telemetry.config.existing_secrets import SecretName
from telemetry.config.images import Image
from telemetry.config.labels import LabelKey, LabelValue
from telemetry.config.network import Destination
from telemetry.config.overlay import Overlay
from telemetry.config.placement import ClassName, Toleration
from telemetry.config.pod_logs import PodLogs
from telemetry.config.policy import Policy
from telemetry.config.quantities import Bytes, Duration
from telemetry.config.resources import Compute, Nodes
from telemetry.config.role_policy import limited
from telemetry.config.roles import Role
from telemetry.config.sampling import Sampling

_LEAST_MEMORY = 64 * 2**20
HEALTH_PORT, METRICS_PORT, LOOPBACK_METRICS_PORT = 13133, 8888, 18888
"""Ports of an OpenTelemetry Collector: its health; its own metrics, unless own_metrics names another; and, where
own_metrics.access asks who reads them, the one in its pod alone from which they are passed on."""
CHARTS: Versions = {"alloy": ("1.11.1",)}
ALLOY = Image("docker.io", "grafana/alloy")
RELOADER_IMAGE = Image("quay.io", "prometheus-operator/prometheus-config-reloader")
IMAGES = (ALLOY, RELOADER_IMAGE)


class Queue(Settings):
    """What is kept while the platform does not answer."""

    on_disk: bool = Field(
        default=True,
        description="Whether it outlives a restart of Alloy. Needs Alloy's stability level `public-preview` "
        "(otelcol.storage.file); remote-write is always kept on disk.",
    )
    size: Bytes = Field(
        default=2 * 2**30,
        ge=64 * 2**20,
        description="The disk that a pod of ours may use for it, an emptyDir: it outlives the container, not the pod. "
        "A pod that uses more is evicted, so each queue holds as many batches as fit into a quarter, at 1Mi each.",
    )
    retry_for: Duration = Field(
        default=4 * 3_600,
        ge=600,
        description="For how long something is sent again before it is given up (our choice); 10m at least.",
    )


class Collector(Settings):
    """Grafana Alloy, or an OpenTelemetry Collector, in front of the platform (docs/collector.md)."""

    kind: Literal["alloy", "otel"] = Field(
        default="alloy",
        description="Whose configuration it is: Grafana Alloy's, or the OpenTelemetry Collector's, for one that exists "
        "already.",
    )
    deploy: Literal["config-map", "daemon-set"] = Field(
        default="config-map",
        description="config-map: only the configuration, for an Alloy that exists already; daemon-set: Alloy as well, "
        "a pod on each node.",
    )
    chart: Annotated[Chart, checked_version(CHARTS), must_be("alloy")] | None = Field(
        default=None, description="With `daemon-set`: the chart `alloy`."
    )
    tenant: str | None = Field(
        default=None, description="As whom it sends; none is the only tenant, where there is one at most."
    )
    secret: SecretName | None = Field(
        default=None,
        description="A Secret with the tenant's credential: `token`, or tls.crt and tls.key, or all, and ca.crt where "
        "the gateway's certificate is of a private authority. None is the one that the program makes.",
    )
    metrics: Literal["otlp", "remote-write"] = Field(
        default="otlp",
        description="How applications' metrics go on: otlp leaves them as they are; remote-write turns them into "
        "Prometheus' and keeps them in a log on disk.",
    )
    size: Compute = Field(
        default=Compute.model_construct(cpu=100, memory=256 * 2**20),
        description="What Alloy asks for on each node. Above 80 % of the memory it refuses data, which applications "
        "send again.",
    )
    nodes: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="On how many nodes it runs, for the quota; none is kubernetes.nodes.count.",
    )
    queue: Queue = Field(default_factory=Queue, description="What is kept while the platform does not answer.")
    api_server: Destination | None = Field(
        default=None,
        description="Where the API server's machines are, with their port, such as `{cidrs: [10.0.0.1/32], ports: "
        "[6443]}` (`kubectl get endpoints kubernetes -n default`). It tells which pods there are. Needed with "
        "`daemon-set` and NetworkPolicies, for pod_logs and where monitoring.scrape is collector.",
    )
    sampling: Sampling | None = Field(default=None, description="Sending some of the traces; none: all are sent.")
    pod_logs: PodLogs | None = Field(
        default=None, description="Reading the logs of pods; none: only what applications send by OTLP."
    )
    own_metrics: ScrapedPods | None = Field(
        default=None,
        description="Where the own metrics of a collector that exists already are: they are scraped, alerted on and "
        "shown. An OpenTelemetry Collector serves them at this port, and asks for what `access` says; none: at "
        f"{METRICS_PORT}, of everybody, and nothing of ours looks at them.",
    )
    node_selector: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels of the nodes that it runs on; none is every node."
    )
    tolerations: list[Toleration] = Field(
        default_factory=list, description="Taints that it tolerates; nodes with others have no collector."
    )
    priority_class: ClassName | None = Field(
        default=None, description="Priority class of its pods; none is telemetry:priority_class."
    )
    values: Overlay = Field(default_factory=Overlay, description="Helm values for what no setting has.")

    @model_validator(mode="after")
    def _has_a_chart_to_deploy(self) -> Self:
        if self.deploys and self.chart is None:
            raise SettingError("chart", "is not set, and deploy: daemon-set needs it; add the chart alloy")
        if self.chart is not None and not self.deploys:
            raise SettingError("chart", "belongs to deploy: daemon-set; set that, or remove it")
        if not (self.deploys or self.values.is_empty):
            raise SettingError("values", "are of the chart, which deploy: daemon-set deploys; set that, or remove them")
        return self

    @model_validator(mode="after")
    def _api_server_has_a_port(self) -> Self:
        if self.api_server is not None and not (self.api_server.ports and not self.api_server.is_nobody):
            raise SettingError("api_server", "needs both a place and ports, such as {cidrs: […], ports: [6443]}")
        return self

    @model_validator(mode="after")
    def _own_metrics_are_of_another(self) -> Self:
        if self.own_metrics is not None and self.deploys:
            raise SettingError(
                "own_metrics", "are of a collector that exists already, and deploy: daemon-set deploys one; remove them"
            )
        return self

    @model_validator(mode="after")
    def _does_what_its_kind_can(self) -> Self:
        if self.kind == "otel" and self.deploys:
            raise SettingError(
                "kind",
                "is otel, and deploy: daemon-set deploys Alloy; set deploy: config-map and run a Collector on that, or "
                "kind: alloy",
            )
        if self.kind == "otel" and self.pod_logs is not None:
            raise SettingError(
                "pod_logs",
                "needs kind: alloy, since the OpenTelemetry Collector reads pods' logs from the node's folders alone, "
                "which restricted pods may not; set that, or remove it",
            )
        return self

    @model_validator(mode="after")
    def _has_memory_to_limit(self) -> Self:
        if self.size.memory < _LEAST_MEMORY:
            raise SettingError("size.memory", "is too little for Alloy itself; set at least 64Mi")
        return self

    @property
    def deploys(self) -> bool:
        """Whether the program deploys Alloy, and not its configuration alone."""
        return self.deploy == "daemon-set"


RELOADER = Compute.model_construct(cpu=10, memory=50 * 2**20)
"""What the chart's second container asks for, which has Alloy read a changed configuration: the chart's own figures."""


def containers_of(collector: Collector, policy: Policy) -> dict[str, Role]:
    """Return what each container of its pods asks for, by name."""

    def role(size: Compute) -> Role:
        return limited(Role.model_construct(replicas=1, cpu=size.cpu, memory=size.memory), policy)

    return {"alloy": role(collector.size), "config-reloader": role(RELOADER)}


def role_of(collector: Collector, nodes: Nodes | None, policy: Policy) -> Role | None:
    """Return what its pods ask for, one on each node; None where the program deploys none."""
    if not collector.deploys:
        return None
    role = Role.model_construct(
        replicas=collector.nodes or (nodes.count if nodes else 1),
        cpu=collector.size.cpu + RELOADER.cpu,
        memory=collector.size.memory + RELOADER.memory,
    )
    return limited(role, policy)
