"""What Mimir grants a tenant."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.quantities import Bytes, Duration, duration_text
from telemetry.spec.known_limits import KnownLimits
from telemetry.spec.values.common import Values
from telemetry.spec.values.limits import Limit, in_words, set_by

KNOWN = KnownLimits.of("Mimir 3.1", Path(__file__).parent)
"""All limits that it has."""
RETENTION = "compactor_blocks_retention_period"
"""What it calls the time that data is kept."""
PROMOTED = "promote_otel_resource_attributes"
"""What it calls the attributes of OTLP resources that become labels."""
SAMPLE_BYTES = 2
"""What a sample takes in a block (sources.md, Mimir 13)."""
_FIREWALL = "alertmanager_receivers_firewall_block_{}"
WORDS: Mapping[str, Limit] = {
    "ingestion_rate": Limit("ingestion_rate"),
    "burst": Limit("ingestion_burst_size"),
    "max_series": Limit("max_global_series_per_user"),
    "max_series_per_metric": Limit("max_global_series_per_metric"),
    "max_labels": Limit("max_label_names_per_series"),
    "max_label_name_length": Limit("max_label_name_length"),
    "max_label_value_length": Limit("max_label_value_length"),
    "max_exemplars": Limit("max_global_exemplars_per_user"),
    "out_of_order_window": Limit("out_of_order_time_window", duration_text),
    "native_histograms": Limit("native_histograms_ingestion_enabled"),
    "max_native_histogram_buckets": Limit("max_native_histogram_buckets"),
    "promoted_otlp_attributes": Limit(PROMOTED, ",".join),
    "ha_tracker": Limit("accept_ha_samples"),
    "ha_cluster_label": Limit("ha_cluster_label"),
    "ha_replica_label": Limit("ha_replica_label"),
    "ha_max_clusters": Limit("ha_max_clusters"),
    "max_query_length": Limit("max_total_query_length", duration_text),
    "max_query_lookback": Limit("max_query_lookback", duration_text),
    "max_query_parallelism": Limit("max_query_parallelism"),
    "max_query_series": Limit("max_fetched_series_per_query"),
    "max_query_chunks": Limit("max_fetched_chunks_per_query"),
    "max_query_chunk_size": Limit("max_fetched_chunk_bytes_per_query"),
    "max_query_memory": Limit("max_estimated_memory_consumption_per_query"),
}
"""What Mimir calls each limit that has a setting, by the setting."""


def _check_others(others: dict[str, Any]) -> dict[str, Any]:
    firewall = {_FIREWALL.format(what): "security.alert_receivers" for what in ("cidr_networks", "private_addresses")}
    KNOWN.check(others, set_by(WORDS, **{RETENTION: "retention.metrics or metrics.retention"}, **firewall))
    return others


class MetricsLimits(Settings):
    """What Mimir grants a tenant; the defaults are Mimir's own."""

    ingestion_rate: int = Field(default=10_000, ge=1, description="Samples per second that are taken in (Mimir).")
    burst: int = Field(default=200_000, ge=1, description="Samples that may come at once (Mimir).")
    max_series: int = Field(default=150_000, ge=1, description="Series in memory at a time (Mimir).")
    max_series_per_metric: int | None = Field(
        default=None, ge=1, description="Series of one metric's name in memory at a time; none is no limit (Mimir)."
    )
    max_labels: int | None = Field(default=None, ge=1, description="Labels of one series; none is Mimir's 30.")
    max_label_name_length: int | None = Field(
        default=None, ge=1, description="Bytes of a label's name; none is Mimir's 1024."
    )
    max_label_value_length: int | None = Field(
        default=None, ge=1, description="Bytes of a label's value; none is Mimir's 2048."
    )
    max_exemplars: int | None = Field(
        default=None, ge=0, description="Exemplars in memory; none is the program's 100000, 0 keeps none."
    )
    out_of_order_window: Duration | None = Field(
        default=None,
        description="How much older than the newest sample of its series one may be; none takes no older one (Mimir). "
        "What comes late costs ingesters memory and disk.",
    )
    native_histograms: bool | None = Field(
        default=None, description="Whether native histograms are taken in; none is Mimir's true."
    )
    max_native_histogram_buckets: int | None = Field(
        default=None,
        ge=1,
        description="Buckets of one native histogram, above which its resolution is lowered; none is no limit (Mimir).",
    )
    promoted_otlp_attributes: list[Annotated[str, Field(pattern=r"^[^,\s]+$")]] | None = Field(
        default=None,
        description="Attributes of OTLP resources that become labels of each series, such as k8s.namespace.name; the "
        "others are in target_info alone. Each new value is new series.",
    )
    ha_tracker: bool | None = Field(
        default=None,
        description="Take samples of one of several Prometheus replicas that send the same, by the two labels below; "
        "none takes all. Where a tenant has it, the distributors get a tracker, and restart.",
    )
    ha_cluster_label: str | None = Field(
        default=None, min_length=1, description="The label that such replicas have alike; none is Mimir's `cluster`."
    )
    ha_replica_label: str | None = Field(
        default=None,
        min_length=1,
        description="The label that tells them apart, which is taken away; none is Mimir's `__replica__`.",
    )
    ha_max_clusters: int | None = Field(
        default=None, ge=1, description="Groups of replicas that are tracked; none is Mimir's 100."
    )
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is the chart's 12000h."
    )
    max_query_lookback: Duration | None = Field(
        default=None, description="How far back a query may reach; none is all that is kept (Mimir)."
    )
    max_query_parallelism: int | None = Field(
        default=None, ge=1, le=1_000, description="Parts of one query that run at a time; none is Mimir's 14."
    )
    max_query_series: int | None = Field(
        default=None, ge=1, description="Series that one query may fetch; none is no limit (Mimir)."
    )
    max_query_chunks: int | None = Field(
        default=None, ge=1, description="Chunks that one query may fetch; none is Mimir's 2000000."
    )
    max_query_chunk_size: Bytes | None = Field(
        default=None, description="Bytes of chunks that one query may fetch; none is no limit (Mimir)."
    )
    max_query_memory: Bytes | None = Field(
        default=None,
        description="Memory that one query may take of a querier, as it is estimated; none is no limit (Mimir).",
    )
    others: Annotated[dict[str, Any], AfterValidator(_check_others)] = Field(
        default_factory=dict,
        description="Any other limit, in Mimir's own words, such as `ruler_max_rules_per_rule_group: 50`; what Mimir "
        "3.1 does not have is refused (docs/limits.md).",
    )

    @model_validator(mode="after")
    def _labels_are_of_the_tracker(self) -> Self:
        for key in ("ha_cluster_label", "ha_replica_label", "ha_max_clusters"):
            if getattr(self, key) is not None and not self.ha_tracker:
                raise SettingError(key, "belongs to ha_tracker: true; set that, or remove it")
        return self


def stored_bytes(limits: MetricsLimits) -> int:
    """Return what a bucket comes to hold of each second, compressed as blocks are."""
    return limits.ingestion_rate * SAMPLE_BYTES


def limits_of(limits: MetricsLimits) -> Values:
    """Return limits in Mimir's own words."""
    return in_words(limits, WORDS)
