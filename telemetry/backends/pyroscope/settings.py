"""Grafana Pyroscope: in which shape it runs, what it keeps and for how long."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.backends.pyroscope.roles import PYROSCOPE_TABLES
from telemetry.config.backend_settings import check_roles, check_single_binary, fill_roles
from telemetry.config.base import SettingError, Settings
from telemetry.config.buckets import Purpose
from telemetry.config.chart import Chart, Versions, checked_version, must_be
from telemetry.config.metadata import WithMetadata
from telemetry.config.overlay import Overlay
from telemetry.config.placement import Placement
from telemetry.config.quantities import Duration, duration_text
from telemetry.config.roles import Role

_DAY = 86_400
CHARTS: Versions = {"pyroscope": ("2.2.1",)}
SHORTEST_RETENTION = _DAY
"""Seconds. Blocks are compacted over hours."""


PyroscopeRoles = Annotated[
    dict[str, Role],
    fill_roles(PYROSCOPE_TABLES),
    AfterValidator(check_roles(PYROSCOPE_TABLES)),
]


class ProfilesBuckets(Settings):
    """The bucket of Pyroscope, by purpose."""

    blocks: Purpose = Field(default="blocks", description="Blocks of profiles and their symbols.")


class Profiles(WithMetadata):
    """Grafana Pyroscope: one process with every role, or its roles as workloads of their own."""

    topology: Literal["monolithic", "distributed"] = Field(
        default="monolithic",
        description="monolithic: every role in one process (dev, test); distributed: each role a workload, which the "
        "chart calls micro-services (prod, 'Pyroscope HA').",
    )
    chart: Annotated[Chart, checked_version(CHARTS), must_be("pyroscope")] = Field(
        description="Grafana's `pyroscope` 2.2.1 (Pyroscope 2.2)."
    )
    roles: PyroscopeRoles = Field(
        default_factory=dict,
        validate_default=True,
        description="Replicas and resources per role; of the single binary, `all`.",
    )
    placement: Placement = Field(default_factory=Placement, description="Where its pods may run.")
    values: Overlay = Field(default_factory=Overlay, description="Helm values for what no setting has.")
    retention: Duration = Field(
        default=31 * _DAY,
        description="How long the metastore keeps a block; the default is Pyroscope's own.",
    )
    buckets: ProfilesBuckets = Field(default_factory=ProfilesBuckets, description="Purpose of its bucket.")

    @model_validator(mode="after")
    def _outlives_compaction(self) -> Self:
        if self.retention < SHORTEST_RETENTION:
            least = duration_text(SHORTEST_RETENTION)
            raise SettingError(
                "retention", f"below {least}: blocks are compacted over hours, and would go before; raise it"
            )
        return self

    @model_validator(mode="after")
    def _single_binary_has_one_replica(self) -> Self:
        check_single_binary(self.topology, self.roles, "the single binary is one process here")
        return self

    @model_validator(mode="after")
    def _metastores_can_agree(self) -> Self:
        if self.topology == "distributed" and self.roles["metastore"].replicas % 2 == 0:
            raise SettingError(
                "roles.metastore.replicas",
                "is even, and Raft needs more than half: one more survives no more losses; use 1, 3 or 5",
            )
        return self

    @property
    def lost_with_one_pod(self) -> tuple[str, ...]:
        """Roles, where they are apart, of which one lost pod leaves too few to take and find profiles.

        The compaction-worker is none: what it has not done yet costs queries time.
        """
        least = {"metastore": 3, "compaction-worker": 1}
        return tuple(name for name, role in self.roles.items() if role.replicas < least.get(name, 2))
