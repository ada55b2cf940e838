"""Grafana Mimir: what it keeps, for how long, and with which roles."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.backends.mimir.presets import PRESETS
from telemetry.backends.mimir.roles import MIMIR_META, MIMIR_ROLES, MIMIR_TABLES
from telemetry.config.backend_settings import check_buckets, check_enabled, check_retention, check_roles, fill_roles
from telemetry.config.base import SettingError, Settings
from telemetry.config.buckets import Purpose
from telemetry.config.chart import Chart, Versions, checked_version, must_be
from telemetry.config.metadata import WithMetadata
from telemetry.config.overlay import Overlay
from telemetry.config.placement import Placement
from telemetry.config.presets import Preset
from telemetry.config.quantities import Duration
from telemetry.config.quorum import min_available
from telemetry.config.resources import Compute
from telemetry.config.role_spec import expand, missing
from telemetry.config.roles import Role

_DAY = 86_400
CHARTS: Versions = {"mimir-distributed": ("6.1.0", "6.0.6")}
"""6.0.6 is for clusters below Kubernetes 1.32."""
SHORTEST_RETENTION = _DAY
"""Seconds. Mimir's largest block covers a day."""


EnabledRoles = Annotated[list[str], AfterValidator(check_enabled(MIMIR_ROLES, MIMIR_META))]
MimirRoles = Annotated[
    dict[str, Role],
    fill_roles(MIMIR_TABLES, MIMIR_META, PRESETS),
    AfterValidator(check_roles(MIMIR_TABLES)),
]


class MetricsBuckets(Settings):
    """The buckets of Mimir, by purpose."""

    blocks: Purpose = Field(default="blocks", description="TSDB blocks.")
    ruler: Purpose = Field(default="ruler", description="Recording and alert rules.")
    alertmanager: Purpose = Field(default="alertmanager", description="Alertmanager configurations and state.")

    @model_validator(mode="after")
    def _nothing_shares_a_bucket(self) -> Self:
        check_buckets(self, ", and Mimir refuses to start on a shared bucket (grafana/mimir#1214)")
        return self


class MetricsCapacity(Settings):
    """What Mimir is sized for; tenants' limits must not come to more."""

    ingestion_rate: int = Field(ge=1, description="Samples per second, all tenants together.")
    max_series: int = Field(ge=1, description="Series in memory, all tenants together, before replication.")


class Metrics(WithMetadata):
    """Grafana Mimir in classic architecture; its chart has no single binary: one replica of each role is the least."""

    backend: Literal["mimir"] = Field(
        default="mimir", description="The program that stores metrics: here, Grafana Mimir."
    )
    chart: Annotated[Chart, checked_version(CHARTS), must_be("mimir-distributed")] = Field(
        description="grafana's `mimir-distributed`."
    )
    replication_factor: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Ingesters that hold each series. Writes need RF/2+1 of them, so 2 survives nothing.",
    )
    accept_no_failure_tolerance: bool = Field(
        default=False,
        description="Accept a replication factor with which no ingester may be lost: 2 anywhere, 1 in prod.",
    )
    enabled_roles: EnabledRoles = Field(
        default=["all"],
        description="Roles that run, or the meta roles read, write, backend and all. Without "
        "overrides-exporter the platform is degraded: limits per tenant cannot be watched.",
    )
    preset: Preset = None
    total: Compute | None = Field(
        default=None,
        description="CPU and memory of all roles together, split by fixed shares; roles that have none, and "
        "what a role says itself, come off first.",
    )
    roles: MimirRoles = Field(
        default_factory=dict, validate_default=True, description="Replicas and resources per role."
    )
    placement: Placement = Field(default_factory=Placement, description="Where its pods may run.")
    values: Overlay = Field(default_factory=Overlay, description="Helm values for what no setting has.")
    retention: Duration = Field(
        default=30 * _DAY,
        description="How long the compactor keeps a sample; Mimir's own default is for ever (grafana/mimir#1700).",
    )
    buckets: MetricsBuckets = Field(default_factory=MetricsBuckets, description="Purposes of its buckets.")

    capacity: MetricsCapacity | None = Field(
        default=None, description="What tenants' limits may come to; none is not looked at."
    )

    @model_validator(mode="after")
    def _outlives_compaction(self) -> Self:
        why = "Mimir's largest block covers 24h and is only deleted whole"
        check_retention(self.retention, least=SHORTEST_RETENTION, why=why)
        return self

    @model_validator(mode="after")
    def _replication_can_work(self) -> Self:
        ingesters = self.roles["ingester"].replicas
        if self.replication_factor == 2 and not self.accept_no_failure_tolerance:
            raise SettingError(
                "replication_factor",
                "survives no lost ingester, because Mimir's quorum of 2 is 2 (grafana/mimir#4993); use 3, "
                "or set accept_no_failure_tolerance",
            )
        if ingesters < self.replication_factor:
            raise SettingError(
                "replication_factor",
                f"needs as many ingesters, but roles.ingester.replicas is {ingesters}; "
                "raise the replicas or lower the factor",
            )
        return self

    @property
    def runs(self) -> frozenset[str]:
        """The roles that run."""
        return expand(self.enabled_roles, MIMIR_ROLES, MIMIR_META)

    @property
    def missing_optional(self) -> list[str]:
        """The optional roles that do not run."""
        return missing(self.runs, MIMIR_ROLES, "optional")

    @property
    def survives_a_lost_ingester(self) -> bool:
        """Whether reads and writes go on when any one ingester is lost."""
        ingesters = self.roles["ingester"].replicas
        return min_available(replicas=ingesters, replication_factor=self.replication_factor) < ingesters
