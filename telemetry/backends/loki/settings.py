"""Grafana Loki: in which shape it runs, what it keeps and for how long."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from telemetry.backends.loki.roles import LOKI_META, LOKI_ROLES, LOKI_SINGLE, LOKI_TABLES
from telemetry.config.access import Day
from telemetry.config.base import SettingError, Settings
from telemetry.config.buckets import Purpose
from telemetry.config.chart import Chart, must_be
from telemetry.config.placement import Placement
from telemetry.config.quantities import Bytes, Duration, duration_text
from telemetry.config.quorum import min_available
from telemetry.config.resources import Compute
from telemetry.config.role_policy import check_policy, filled
from telemetry.config.role_spec import RoleTable, check_choice, expand
from telemetry.config.roles import Role

_DAY = 86_400


def _table(info: ValidationInfo) -> RoleTable:
    return LOKI_TABLES[info.data.get("topology", "distributed")]


def _filled(given: object, info: ValidationInfo) -> object:
    if not {"topology", "enabled_roles", "total"} <= info.data.keys():
        return {}  # one of them is refused already
    table = _table(info)
    runs = table if table is LOKI_SINGLE else expand(info.data["enabled_roles"], LOKI_ROLES, LOKI_META)
    return filled(given, table, runs, info.data["total"])


EnabledRoles = Annotated[list[str], AfterValidator(lambda names: check_choice(names, LOKI_ROLES, LOKI_META))]
LokiRoles = Annotated[
    dict[str, Role],
    BeforeValidator(_filled),
    AfterValidator(lambda roles, info: check_policy(roles, _table(info))),
]


class LogsBuckets(Settings):
    """The buckets of Loki, by purpose."""

    chunks: Purpose = Field(default="chunks", description="Chunks of lines, their index, and requests to delete some.")
    ruler: Purpose = Field(default="ruler", description="Recording and alert rules.")
    admin: Purpose = Field(default="admin", description="The chart asks for it by name; only Enterprise writes to it.")

    @model_validator(mode="after")
    def _nothing_shares_a_bucket(self) -> Self:
        names: dict[str, Any] = self.model_dump()
        for purpose, name in names.items():
            twins = [other for other, its_name in names.items() if its_name == name and other != purpose]
            if twins:
                raise SettingError(twins[0], f"would share the bucket of {purpose}; give each its own")
        return self


class LogsCapacity(Settings):
    """What Loki is sized for; tenants' limits must not come to more."""

    ingestion_rate: Bytes = Field(description="Bytes of lines per second, all tenants together.")
    max_streams: int = Field(ge=1, description="Active streams, all tenants together, before replication.")


class Logs(Settings):
    """Grafana Loki: one process with every role, or its three (SimpleScalable) as workloads of their own."""

    topology: Literal["monolithic", "distributed"] = Field(
        default="monolithic",
        description="monolithic: every role in one process (dev, test); distributed: read, write and backend, which "
        "the chart calls SimpleScalable (prod).",
    )
    chart: Annotated[Chart, must_be("loki")] = Field(description="grafana-community's `loki` 18.11.0 (Loki 3.7).")
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
        if self.retention < _DAY:
            raise SettingError(
                "retention",
                f"below the compactor's minimum of {duration_text(_DAY)} (Loki's index is by day); raise it",
            )
        return self

    @model_validator(mode="after")
    def _single_binary_has_one_replica(self) -> Self:
        if self.topology == "monolithic" and self.roles["all"].replicas != 1:
            raise SettingError("roles.all.replicas", "the single binary is one process here; set it to 1")
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
