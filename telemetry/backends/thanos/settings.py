"""Prometheus with Thanos: what it keeps, for how long and how finely, and with which roles."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.backends.thanos.presets import PRESETS
from telemetry.backends.thanos.roles import SIDECAR, THANOS_TABLES
from telemetry.config.backend_settings import check_retention, check_roles, fill_roles
from telemetry.config.base import SettingError, Settings
from telemetry.config.buckets import Purpose
from telemetry.config.chart import Chart, Versions, checked_version, must_be
from telemetry.config.metadata import WithMetadata
from telemetry.config.overlay import Overlay
from telemetry.config.placement import Placement
from telemetry.config.presets import Preset
from telemetry.config.quantities import Duration, duration_text
from telemetry.config.quorum import min_available
from telemetry.config.roles import ContainerRole, Role

_HOUR, _DAY = 3_600, 86_400
CHARTS: Versions = {"prometheus": ("29.27.0",), "thanos": ("1.24.1",), "alertmanager": ("1.42.0",)}
"""Two of prometheus-community, and that of stevehipwell: other charts of the name `thanos` have other versions."""
SHORTEST_RETENTION = 2 * _DAY
"""Seconds. The compactor joins blocks of 2 hours to ones of 8 hours and 2 days, and deletes none before."""
_SHORTEST_DOWNSAMPLED = 10 * _DAY
_SHORTEST_LOCAL = 6 * _HOUR


def _part_of_prometheus(roles: dict[str, Role]) -> dict[str, Role]:
    """Give the sidecar the number of Prometheus' pods, whose container it is; refuse what only pods have."""
    sidecar, pods = roles.get(SIDECAR), roles.get("prometheus")
    if sidecar is None or pods is None:
        return roles
    if sidecar.replicas not in (1, pods.replicas):
        raise SettingError(f"{SIDECAR}.replicas", "there is one in each pod of Prometheus; remove it")
    for key in ("placement", "bandwidth", "ephemeral_storage"):
        if getattr(sidecar, key) is not None:
            raise SettingError(f"{SIDECAR}.{key}", f"is its pod's; set roles.prometheus.{key}, and remove it here")
    return {**roles, SIDECAR: ContainerRole.model_construct(**{**dict(sidecar), "replicas": pods.replicas})}


ThanosRoles = Annotated[
    dict[str, Role],
    fill_roles(THANOS_TABLES, presets=PRESETS),
    AfterValidator(_part_of_prometheus),
    AfterValidator(check_roles(THANOS_TABLES)),
]


class ThanosCharts(Settings):
    """The charts that Prometheus with Thanos is deployed from, a release each."""

    prometheus: Annotated[Chart, checked_version(CHARTS), must_be("prometheus")] = Field(
        description="prometheus-community's `prometheus`, for Prometheus and the sidecar."
    )
    thanos: Annotated[Chart, checked_version(CHARTS), must_be("thanos")] = Field(
        description="stevehipwell's `thanos`, for everything else of Thanos."
    )
    alertmanager: Annotated[Chart, checked_version(CHARTS), must_be("alertmanager")] = Field(
        description="prometheus-community's `alertmanager`."
    )


class ThanosValues(Settings):
    """Helm values for what no setting has, by chart."""

    prometheus: Overlay = Field(default_factory=Overlay, description="Over those of Prometheus, such as scrapeConfigs.")
    thanos: Overlay = Field(default_factory=Overlay, description="Over those of Thanos.")
    alertmanager: Overlay = Field(default_factory=Overlay, description="Over those of Alertmanager.")


class ThanosBuckets(Settings):
    """The bucket of Thanos."""

    blocks: Purpose = Field(
        default="blocks",
        description="TSDB blocks, below thanos/blocks: another metrics backend that has had the bucket finds none.",
    )


class ThanosMetrics(WithMetadata):
    """Prometheus, which scrapes, with Thanos, which takes what is pushed, keeps it in a bucket and answers for all."""

    backend: Literal["thanos"] = Field(description="The program that stores metrics: here, Prometheus with Thanos.")
    charts: ThanosCharts = Field(description="Where the charts come from.")
    scrape_interval: int = Field(
        default=30, ge=5, le=120, description="Seconds between two scrapes, of Prometheus and in Grafana's datasource."
    )
    evaluation_interval: int = Field(
        default=30, ge=5, le=300, description="Seconds between two evaluations of rules that say nothing else."
    )
    replication_factor: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Ingestors of Receive that are to hold each series that is pushed. A write is confirmed by a "
        "majority of them, and of 2 by one, so what that one alone has is lost with its volume.",
    )
    accept_no_failure_tolerance: bool = Field(
        default=False,
        description="Accept a replication factor with which a lost ingestor may be a loss: 2 anywhere, 1 in prod.",
    )
    preset: Preset = None
    roles: ThanosRoles = Field(
        default_factory=dict, validate_default=True, description="Replicas and resources per role."
    )
    placement: Placement = Field(default_factory=Placement, description="Where its pods may run.")
    values: ThanosValues = Field(default_factory=ThanosValues, description="Helm values for what no setting has.")
    retention: Duration = Field(
        default=730 * _DAY,
        description="How long the compactor keeps samples as they came. One for all tenants: Thanos knows no other.",
    )
    downsampling: bool = Field(
        default=True,
        description="Whether the compactor makes blocks of 5m after 40 hours and of 1h after 10 days, from which long "
        "ranges are answered. All three take about three times the space.",
    )
    retention_5m: Duration | None = Field(
        default=None, description="How long blocks of 5m are kept; none is as long as the samples."
    )
    retention_1h: Duration | None = Field(
        default=None, description="How long blocks of 1h are kept; none is as long as the samples."
    )
    local_retention: Duration = Field(
        default=3 * _DAY,
        description="How long Prometheus and Receive keep blocks on their own volumes beside the bucket: as long may "
        "the bucket be away.",
    )
    service_monitors: bool = Field(
        default=False,
        description="Whether the charts make ServiceMonitors, which need the Prometheus operator's CRD, for another "
        "Prometheus that watches this one.",
    )
    buckets: ThanosBuckets = Field(default_factory=ThanosBuckets, description="Purpose of its bucket.")

    @model_validator(mode="after")
    def _outlives_compaction(self) -> Self:
        check_retention(self.retention, least=SHORTEST_RETENTION, why="it joins blocks for 2 days first")
        if not self.downsampling:
            for key in ("retention_5m", "retention_1h"):
                if getattr(self, key) is not None:
                    raise SettingError(key, "there are no such blocks without downsampling; remove it")
            return self
        why = f"blocks of 1h are made of what is {duration_text(_SHORTEST_DOWNSAMPLED)} old"
        for key, value in (
            ("retention", self.retention),
            ("retention_5m", self.of_5m),
            ("retention_1h", self.of_1h),
        ):
            if value < _SHORTEST_DOWNSAMPLED:
                raise SettingError(key, f"{why}, and would never be; raise it, or set downsampling: false")
        return self

    @model_validator(mode="after")
    def _bucket_may_be_away(self) -> Self:
        if self.local_retention < _SHORTEST_LOCAL:
            raise SettingError(
                "local_retention",
                f"below {duration_text(_SHORTEST_LOCAL)}, three blocks of 2h; what is not in the bucket by then is "
                "lost: raise it",
            )
        return self

    @model_validator(mode="after")
    def _one_compactor(self) -> Self:
        if self.roles["compact"].replicas != 1:
            raise SettingError(
                "roles.compact.replicas", "two compactors of one bucket compact the same blocks and halt; set it to 1"
            )
        return self

    @model_validator(mode="after")
    def _scales_on_cpu(self) -> Self:
        for name, role in self.roles.items():
            if role.autoscaling is not None and role.autoscaling.metrics:
                raise SettingError(
                    f"roles.{name}.autoscaling.metrics", "the chart's autoscaler goes by CPU alone; remove them"
                )
        return self

    @model_validator(mode="after")
    def _replication_can_work(self) -> Self:
        ingestors = self.roles["receive-ingestor"].replicas
        if self.replication_factor == 2 and not self.accept_no_failure_tolerance:
            raise SettingError(
                "replication_factor",
                "a write is confirmed by one of 2, and lost with that one's volume; use 3, or set "
                "accept_no_failure_tolerance",
            )
        if ingestors < self.replication_factor:
            raise SettingError(
                "replication_factor",
                f"needs as many ingestors, but roles.receive-ingestor.replicas is {ingestors}; raise the replicas or "
                "lower the factor",
            )
        return self

    @property
    def of_5m(self) -> int:
        """Seconds for which blocks of 5m are kept."""
        return self.retention if self.retention_5m is None else self.retention_5m

    @property
    def of_1h(self) -> int:
        """Seconds for which blocks of 1h are kept."""
        return self.retention if self.retention_1h is None else self.retention_1h

    @property
    def missing_optional(self) -> list[str]:
        """The optional roles that do not run: there is none."""
        return []

    @property
    def survives_a_lost_ingester(self) -> bool:
        """Whether reads and writes go on, and nothing is lost, when any one ingestor is."""
        ingestors = self.roles["receive-ingestor"].replicas
        return min_available(replicas=ingestors, replication_factor=self.replication_factor) < ingestors
