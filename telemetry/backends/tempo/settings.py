"""Grafana Tempo: in which shape it runs, what it keeps and for how long."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.backends.tempo.presets import PRESETS
from telemetry.backends.tempo.roles import TEMPO_META, TEMPO_ROLES, TEMPO_TABLES
from telemetry.config.backend_settings import (
    check_enabled,
    check_preset,
    check_retention,
    check_roles,
    check_single_binary,
    fill_roles,
)
from telemetry.config.base import SettingError, Settings
from telemetry.config.buckets import Purpose
from telemetry.config.chart import Chart, Versions, checked_version
from telemetry.config.metadata import WithMetadata
from telemetry.config.overlay import Overlay
from telemetry.config.placement import Placement
from telemetry.config.presets import Preset
from telemetry.config.quantities import Bytes, Duration
from telemetry.config.quorum import min_available
from telemetry.config.resources import Compute
from telemetry.config.role_spec import expand, missing
from telemetry.config.roles import Role

_HOUR, _DAY = 3_600, 86_400
_MI = 2**20
_LEAST_MESSAGE, _LARGEST_MESSAGE = 8 * _MI, 100 * _MI
_AROUND_A_TRACE = _MI
"""What an answer with a trace may have beside the trace: our choice."""

Topology = Literal["monolithic", "distributed"]
Processor = Literal["service-graphs", "span-metrics", "local-blocks"]
_PROCESSORS: list[Processor] = ["service-graphs", "span-metrics", "local-blocks"]
CHART_OF: dict[Topology, str] = {"monolithic": "tempo", "distributed": "tempo-distributed"}
CHARTS: Versions = {"tempo": ("2.2.4",), "tempo-distributed": ("2.26.2",)}
"""The 3.x line of both has no ingester."""
SHORTEST_RETENTION = _HOUR
"""Seconds. Tempo compacts windows of an hour."""


EnabledRoles = Annotated[list[str], AfterValidator(check_enabled(TEMPO_ROLES, TEMPO_META))]
TempoRoles = Annotated[
    dict[str, Role],
    fill_roles(TEMPO_TABLES, TEMPO_META, PRESETS),
    AfterValidator(check_roles(TEMPO_TABLES)),
]


class TempoShape(Settings):
    """In which shape Tempo runs: all that differs between the single binary and the distributed one."""

    topology: Topology = Field(
        default="monolithic",
        description="monolithic: every role in one process (dev, test); distributed: a workload per role (prod).",
    )
    chart: Annotated[Chart, checked_version(CHARTS)] = Field(
        description="grafana-community's `tempo` 2.2.4 or `tempo-distributed` 2.26.2, the last with an ingester."
    )
    replication_factor: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Ingesters that are to hold each trace; 3 survives a lost one. 2 does not, other than the plan "
        "says, and misses fresh traces although nothing is lost (measured: docs/decisions.md).",
    )
    accept_no_failure_tolerance: bool = Field(
        default=False,
        description="Accept a replication factor with which traces are lost with an ingester: 2 anywhere, 1 in prod.",
    )
    enabled_roles: EnabledRoles = Field(
        default=["all"],
        description="Roles that run, `all` for every one. Without metrics-generator the platform is "
        "degraded: the service map in Grafana stays empty.",
    )
    preset: Preset = None
    total: Compute | None = Field(
        default=None,
        description="CPU and memory of all roles together, split by fixed shares; what a role says itself "
        "comes off first.",
    )
    roles: TempoRoles = Field(
        default_factory=dict,
        validate_default=True,
        description="Replicas and resources per role; of the single binary, `all`.",
    )
    placement: Placement = Field(default_factory=Placement, description="Where its pods may run.")
    values: Overlay = Field(default_factory=Overlay, description="Helm values for what no setting has.")

    @model_validator(mode="after")
    def _chart_has_the_topology(self) -> Self:
        chart = CHART_OF[self.topology]
        if self.chart.name != chart:
            raise SettingError(
                "chart.name",
                f"topology {self.topology} is deployed from the chart {chart}; name that, or change the topology",
            )
        return self

    @model_validator(mode="after")
    def _single_binary_has_one_replica(self) -> Self:
        check_preset(self.topology, self.preset)
        check_single_binary(self.topology, self.roles, "the single binary does not share its ring")
        return self

    @model_validator(mode="after")
    def _replication_can_work(self) -> Self:
        distributed = self.topology == "distributed"
        if distributed and self.replication_factor == 2 and not self.accept_no_failure_tolerance:
            raise SettingError(
                "replication_factor",
                "loses traces with a lost ingester and misses fresh ones without (measured: docs/decisions.md, "
                "'Replication and quorum'); use 3, or set accept_no_failure_tolerance",
            )
        ingesters = 1 if self.topology == "monolithic" else self.roles["ingester"].replicas
        if ingesters < self.replication_factor:
            raise SettingError(
                "replication_factor",
                f"needs as many ingesters, but roles.ingester.replicas is {ingesters}; raise the replicas or lower the "
                "factor"
                if distributed
                else "the single binary is one ingester; set it to 1, or change the topology",
            )
        return self

    @property
    def runs(self) -> frozenset[str]:
        """The roles that run, whatever workloads they are in."""
        return expand(self.enabled_roles, TEMPO_ROLES, TEMPO_META)

    @property
    def missing_optional(self) -> list[str]:
        """The optional roles that do not run."""
        return missing(self.runs, TEMPO_ROLES, "optional")

    @property
    def survives_a_lost_ingester(self) -> bool:
        """Whether all goes on and nothing is lost without any one ingester; never in the single binary, being one."""
        ingesters = 1 if self.topology == "monolithic" else self.roles["ingester"].replicas
        return min_available(replicas=ingesters, replication_factor=self.replication_factor) < ingesters


class TracesBuckets(Settings):
    """The buckets of Tempo, by purpose."""

    blocks: Purpose = Field(default="blocks", description="Trace blocks.")


class TracesCapacity(Settings):
    """What Tempo is sized for; tenants' limits must not come to more."""

    ingestion_rate: Bytes = Field(description="Bytes of spans per second, all tenants together.")
    max_traces: int = Field(ge=1, description="Open traces, all tenants together.")


def _check_message_size(size: int) -> int:
    if size % _MI or not _LEAST_MESSAGE <= size <= _LARGEST_MESSAGE:
        raise ValueError("must be a whole number of Mi from 8Mi to 100Mi (Tempo's clients take no more); write 16Mi")
    return size


class Traces(TempoShape, WithMetadata):
    """Grafana Tempo."""

    retention: Duration = Field(
        default=7 * _DAY,
        description="How long the compactor keeps a trace (our choice).",
    )
    max_message_size: Annotated[Bytes, AfterValidator(_check_message_size)] = Field(
        default=16 * _MI,
        description="Largest message of spans, on the whole way: OTLP receivers of the collector and of Tempo, the "
        "gateway's requests, what Tempo's roles send each other. No trace may be larger (Tempo's own: 16 MiB).",
    )
    processors: list[Processor] = Field(
        default=_PROCESSORS,
        min_length=1,
        description="What the metrics-generator makes of spans: service-graphs (the service map), span-metrics (rates, "
        "errors, durations), local-blocks (TraceQL metrics such as `{} | rate()`, which Traces Drilldown asks for).",
    )
    buckets: TracesBuckets = Field(default_factory=TracesBuckets, description="Purposes of its buckets.")
    capacity: TracesCapacity | None = Field(
        default=None, description="What tenants' limits may come to; none is not looked at."
    )
    moving_from: TempoShape | None = Field(
        default=None,
        description="The shape that Tempo is moving away from, as it was: its release stays, without new traces, until "
        "this is removed (docs/operations.md has the sequence). No data is lost while the bucket lives.",
    )

    @model_validator(mode="after")
    def _outlives_compaction(self) -> Self:
        why = "Tempo compacts windows of 1h; younger blocks would go before they are found"
        check_retention(self.retention, least=SHORTEST_RETENTION, why=why)
        return self

    @model_validator(mode="after")
    def _processors_have_a_generator(self) -> Self:
        if "processors" in self.model_fields_set and "metrics-generator" not in self.runs:
            raise SettingError("processors", "nothing runs them; add metrics-generator to enabled_roles, or remove it")
        return self

    @model_validator(mode="after")
    def _moves_between_two_shapes(self) -> Self:
        if self.moving_from is not None and self.moving_from.topology == self.topology:
            raise SettingError(
                "moving_from.topology",
                f"is {self.topology}, and so is topology; a move is from one to the other: correct one, or remove "
                "moving_from",
            )
        return self

    def makes(self, processor: Processor) -> bool:
        """Whether a processor of the metrics-generator runs."""
        return processor in self.processors and "metrics-generator" in self.runs

    @property
    def largest_trace(self) -> int:
        """The largest trace that can be read: Tempo answers a query with one message."""
        return self.max_message_size - _AROUND_A_TRACE

    @property
    def shapes(self) -> tuple[TempoShape, ...]:
        """What is deployed: the shape that is wanted, and the one that is moved away from."""
        return (self,) if self.moving_from is None else (self, self.moving_from)
