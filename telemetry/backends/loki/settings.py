"""Grafana Loki: in which shape it runs, what it keeps and for how long."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.backends.loki.presets import PRESETS
from telemetry.backends.loki.roles import LOKI_META, LOKI_ROLES, LOKI_TABLES
from telemetry.config.access import Day
from telemetry.config.backend_settings import (
    check_buckets,
    check_enabled,
    check_preset,
    check_retention,
    check_roles,
    check_single_binary,
    fill_roles,
)
from telemetry.config.base import SettingError, Settings
from telemetry.config.buckets import Purpose
from telemetry.config.chart import Chart, Versions, checked_version, must_be
from telemetry.config.metadata import WithMetadata
from telemetry.config.overlay import Overlay
from telemetry.config.placement import Placement
from telemetry.config.presets import Preset
from telemetry.config.quantities import Bytes, Duration
from telemetry.config.quorum import min_available
from telemetry.config.resources import Compute
from telemetry.config.roles import Role

_DAY = 86_400
CHARTS: Versions = {"loki": ("18.11.0",)}
SHORTEST_RETENTION = _DAY
"""Seconds. Loki's index is by day."""


EnabledRoles = Annotated[list[str], AfterValidator(check_enabled(LOKI_ROLES, LOKI_META))]
LokiRoles = Annotated[
    dict[str, Role],
    fill_roles(LOKI_TABLES, LOKI_META, PRESETS),
    AfterValidator(check_roles(LOKI_TABLES)),
]


class LogsBuckets(Settings):
    """The buckets of Loki, by purpose."""

    chunks: Purpose = Field(default="chunks", description="Chunks of lines, their index, and requests to delete some.")
    ruler: Purpose = Field(default="ruler", description="Recording and alert rules.")
    admin: Purpose = Field(default="admin", description="The chart asks for it by name; only Enterprise writes to it.")

    @model_validator(mode="after")
    def _nothing_shares_a_bucket(self) -> Self:
        check_buckets(self)
        return self


class LogsCapacity(Settings):
    """What Loki is sized for; tenants' limits must not come to more."""

    ingestion_rate: Bytes = Field(description="Bytes of lines per second, all tenants together.")
    max_streams: int = Field(ge=1, description="Active streams, all tenants together, before replication.")


class Logs(WithMetadata):
    """Grafana Loki: one process with every role, or its three (SimpleScalable) as workloads of their own."""

    topology: Literal["monolithic", "distributed"] = Field(
        default="monolithic",
        description="monolithic: every role in one process (dev, test); distributed: read, write and backend, which "
        "the chart calls SimpleScalable (prod).",
    )
    chart: Annotated[Chart, checked_version(CHARTS), must_be("loki")] = Field(
        description="grafana-community's `loki` 18.11.0 (Loki 3.7)."
    )
    replication_factor: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Writers that hold each line. Writes need RF/2+1 of them, so 2 survives nothing, as in Mimir.",
    )
    accept_no_failure_tolerance: bool = Field(
        default=False,
        description="Accept a replication factor with which no writer may be lost: 2 anywhere, 1 in prod. What was "
        "taken is on the lost writer's volume; until it is back, some lines are neither taken nor found.",
    )
    enabled_roles: EnabledRoles = Field(
        default=["all"], description="Roles that run; all three are required, and `all` stands for them."
    )
    preset: Preset = None
    total: Compute | None = Field(
        default=None,
        description="CPU and memory of all roles together, split by fixed shares (our choice).",
    )
    roles: LokiRoles = Field(
        default_factory=dict,
        validate_default=True,
        description="Replicas and resources per role; of the single binary, `all`.",
    )
    placement: Placement = Field(default_factory=Placement, description="Where its pods may run.")
    values: Overlay = Field(default_factory=Overlay, description="Helm values for what no setting has.")
    retention: Duration = Field(
        default=90 * _DAY,
        description="How long the compactor keeps a line; Loki's own default is for ever.",
    )
    schema_from: Day = Field(
        default="2024-04-01",
        description="Since when its data has the schema v13. Before the first line this is any day gone by; after, it "
        "never changes, for Loki finds what it has written by it.",
    )
    buckets: LogsBuckets = Field(default_factory=LogsBuckets, description="Purposes of its buckets.")
    capacity: LogsCapacity | None = Field(
        default=None, description="What tenants' limits may come to; none is not looked at."
    )

    @model_validator(mode="after")
    def _outlives_compaction(self) -> Self:
        check_retention(self.retention, least=SHORTEST_RETENTION, why="Loki's index is by day")
        return self

    @model_validator(mode="after")
    def _single_binary_has_one_replica(self) -> Self:
        check_preset(self.topology, self.preset)
        check_single_binary(self.topology, self.roles, "the single binary is one process here")
        return self

    @model_validator(mode="after")
    def _replication_can_work(self) -> Self:
        if self.replication_factor == 2 and not self.accept_no_failure_tolerance:
            raise SettingError(
                "replication_factor",
                "survives no lost writer, because Loki's quorum of 2 is 2; use 3, or set accept_no_failure_tolerance",
            )
        if self.writers < self.replication_factor:
            raise SettingError(
                "replication_factor",
                f"needs as many writers, but roles.write.replicas is {self.writers}; raise the replicas or lower the "
                "factor"
                if self.topology == "distributed"
                else "the single binary is one writer; set it to 1, or change the topology",
            )
        return self

    @property
    def writers(self) -> int:
        """How many processes take lines."""
        return self.roles["write" if self.topology == "distributed" else "all"].replicas

    @property
    def survives_a_lost_writer(self) -> bool:
        """Whether reads and writes go on when any one writer is lost; never in the single binary, which is one."""
        needed = min_available(replicas=self.writers, replication_factor=self.replication_factor)
        return needed < self.writers
