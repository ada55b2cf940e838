"""The two backends: what they keep, for how long, and with which roles."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from settings.base import SettingError, Settings
from settings.chart import Chart, must_be
from settings.quantities import Duration, duration_text
from settings.roles import MIMIR_ROLES, TEMPO_ROLES, Role, check_policy, with_defaults

Purpose = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
"""The last part of a bucket's name, `dts-{type}-{env}-{purpose}` (seed 000)."""

TempoRoles = Annotated[
    dict[str, Role],
    BeforeValidator(lambda given: with_defaults(given, TEMPO_ROLES)),
    AfterValidator(lambda roles: check_policy(roles, TEMPO_ROLES)),
]
MimirRoles = Annotated[
    dict[str, Role],
    BeforeValidator(lambda given: with_defaults(given, MIMIR_ROLES)),
    AfterValidator(lambda roles: check_policy(roles, MIMIR_ROLES)),
]

_HOUR, _DAY = 3_600, 86_400


def _at_least(retention: int, minimum: int, why: str) -> None:
    if retention < minimum:
        raise SettingError("retention", f"below the compactor's minimum of {duration_text(minimum)} ({why}); raise it")


class TracesBuckets(Settings):
    """The buckets of Tempo, by purpose."""

    blocks: Purpose = Field(default="blocks", description="Trace blocks.")


class Traces(Settings):
    """Grafana Tempo as a single binary."""

    chart: Annotated[Chart, must_be("tempo")] = Field(
        description="grafana-community's `tempo`, the last 2.x (charts.md 0.2)."
    )
    retention: Duration = Field(
        default=7 * _DAY,
        description="How long the compactor keeps a trace (our choice).",
    )
    metrics_generator: bool = Field(
        default=True,
        description="Whether span metrics and the service graph are derived and written to Mimir; an optional role "
        "(seed 001), but without it the service map in Grafana stays empty.",
    )
    buckets: TracesBuckets = Field(default_factory=TracesBuckets, description="Purposes of its buckets.")
    roles: TempoRoles = Field(
        default_factory=dict,
        validate_default=True,
        description="Replicas and resources per role; `all` is Tempo.",
    )

    @model_validator(mode="after")
    def _outlives_compaction(self) -> Self:
        _at_least(
            self.retention,
            _HOUR,
            "Tempo compacts windows of 1h; younger blocks would go before they are found",
        )
        return self

    @model_validator(mode="after")
    def _single_binary_has_one_replica(self) -> Self:
        if self.roles["all"].replicas != 1:
            raise SettingError("roles.all.replicas", "the single binary does not share its ring; set it to 1")
        return self


class MetricsBuckets(Settings):
    """The buckets of Mimir, by purpose."""

    blocks: Purpose = Field(default="blocks", description="TSDB blocks.")
    ruler: Purpose = Field(default="ruler", description="Recording and alert rules.")
    alertmanager: Purpose = Field(default="alertmanager", description="Alertmanager configurations and state.")

    @model_validator(mode="after")
    def _nothing_shares_a_bucket(self) -> Self:
        names: dict[str, Any] = self.model_dump()
        for purpose, name in names.items():
            twins = [other for other, its_name in names.items() if its_name == name and other != purpose]
            if twins:
                raise SettingError(
                    twins[0],
                    f"would share the bucket of {purpose}, and Mimir refuses to start on a shared bucket "
                    "(grafana/mimir#1214); give each its own",
                )
        return self


class Metrics(Settings):
    """Grafana Mimir in classic architecture."""

    chart: Annotated[Chart, must_be("mimir-distributed")] = Field(
        description="grafana's `mimir-distributed` (charts.md 0.3)."
    )
    retention: Duration = Field(
        default=30 * _DAY,
        description="How long the compactor keeps a sample; Mimir's own default is for ever (grafana/mimir#1700).",
    )
    replication_factor: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Ingesters that hold each series. Writes need RF/2+1 of them, so 2 survives nothing (#4993).",
    )
    buckets: MetricsBuckets = Field(default_factory=MetricsBuckets, description="Purposes of its buckets.")
    roles: MimirRoles = Field(
        default_factory=dict, validate_default=True, description="Replicas and resources per role."
    )

    @model_validator(mode="after")
    def _outlives_compaction(self) -> Self:
        _at_least(self.retention, _DAY, "Mimir's largest block covers 24h and is only deleted whole")
        return self

    @model_validator(mode="after")
    def _replication_can_work(self) -> Self:
        ingesters = self.roles["ingester"].replicas
        if self.replication_factor == 2:
            raise SettingError(
                "replication_factor",
                "survives no lost ingester, because Mimir's quorum of 2 is 2 (grafana/mimir#4993); use 3",
            )
        if ingesters < self.replication_factor:
            raise SettingError(
                "replication_factor",
                f"needs as many ingesters, but roles.ingester.replicas is {ingesters}; "
                "raise the replicas or lower the factor",
            )
        return self
