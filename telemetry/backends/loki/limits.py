"""What Loki grants a tenant."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes, Duration, duration_text
from telemetry.spec.known_limits import KnownLimits
from telemetry.spec.values.common import Values
from telemetry.spec.values.limits import Limit, in_words, set_by

_MIB = 2**20
"""Bytes of what Loki and Pyroscope call a MB."""
KNOWN = KnownLimits.of("Loki 3.7", Path(__file__).parent)
"""All limits that it has."""
RETENTION = "retention_period"
"""What it calls the time that data is kept."""


def _mb(size: int) -> float:
    return size / _MIB


def _size(size: int) -> str:
    """Return a size as Loki reads one."""
    return f"{size}B"


def _labels(attributes: Sequence[str]) -> Values:
    return {"attributes_config": [{"action": "index_label", "attributes": list(attributes)}]}


WORDS: Mapping[str, Limit] = {
    "ingestion_rate": Limit("ingestion_rate_mb", _mb),
    "burst": Limit("ingestion_burst_size_mb", _mb),
    "per_stream_rate": Limit("per_stream_rate_limit", _size),
    "per_stream_burst": Limit("per_stream_rate_limit_burst", _size),
    "max_streams": Limit("max_global_streams_per_user"),
    "max_labels": Limit("max_label_names_per_series"),
    "max_label_name_length": Limit("max_label_name_length"),
    "max_label_value_length": Limit("max_label_value_length"),
    "max_line_size": Limit("max_line_size", _size),
    "oldest_line": Limit("reject_old_samples_max_age", duration_text),
    "promoted_otlp_attributes": Limit("otlp_config.resource_attributes", _labels),
    "max_query_length": Limit("max_query_length", duration_text),
    "max_query_lookback": Limit("max_query_lookback", duration_text),
    "max_query_parallelism": Limit("tsdb_max_query_parallelism"),
    "max_query_series": Limit("max_query_series"),
    "max_query_chunks": Limit("max_chunks_per_query"),
    "max_query_lines": Limit("max_entries_limit_per_query"),
    "max_query_size": Limit("max_query_bytes_read", _size),
}
"""What Loki calls each limit that has a setting, by the setting."""


def _check_others(others: dict[str, Any]) -> dict[str, Any]:
    KNOWN.check(others, set_by(WORDS, **{RETENTION: "retention.logs or logs.retention"}))
    return others


class LogsLimits(Settings):
    """What Loki grants a tenant; the defaults are Loki's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of lines per second (Loki: 4 MB).")
    burst: Bytes = Field(default=6 * 2**20, description="Bytes of lines that may come at once (Loki: 6 MB).")
    per_stream_rate: Bytes | None = Field(
        default=None, description="Bytes of lines per second of one stream; none is Loki's 3 MB."
    )
    per_stream_burst: Bytes | None = Field(
        default=None, description="Bytes of lines of one stream that may come at once; none is Loki's 15 MB."
    )
    max_streams: int = Field(default=5_000, ge=1, description="Streams that are active at a time (Loki).")
    max_labels: int | None = Field(default=None, ge=1, description="Labels of one stream; none is Loki's 15.")
    max_label_name_length: int | None = Field(
        default=None, ge=1, description="Bytes of a label's name; none is Loki's 1024."
    )
    max_label_value_length: int | None = Field(
        default=None, ge=1, description="Bytes of a label's value; none is Loki's 2048."
    )
    max_line_size: Bytes | None = Field(default=None, description="Largest line; none is Loki's 256 KB.")
    oldest_line: Duration | None = Field(
        default=None, description="How old a line may be that is taken in; none is Loki's 168h."
    )
    promoted_otlp_attributes: list[Annotated[str, Field(pattern=r"^\S+$")]] | None = Field(
        default=None,
        min_length=1,  # Loki refuses a configuration with an empty list
        description="Attributes of OTLP resources that become labels besides Loki's own choice; the others are "
        "structured metadata. Each new value is a new stream.",
    )
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is Loki's 721h."
    )
    max_query_lookback: Duration | None = Field(
        default=None, description="How far back a query may reach; none is all that is kept (Loki)."
    )
    max_query_parallelism: int | None = Field(
        default=None, ge=1, le=1_000, description="Parts of one query that run at a time; none is Loki's 128."
    )
    max_query_series: int | None = Field(
        default=None, ge=1, description="Series that a metric query may return; none is Loki's 500."
    )
    max_query_chunks: int | None = Field(
        default=None, ge=1, description="Chunks that one query may fetch; none is Loki's 2000000."
    )
    max_query_lines: int | None = Field(
        default=None, ge=1, description="Lines that one query may return; none is Loki's 5000."
    )
    max_query_size: Bytes | None = Field(
        default=None, description="Bytes that one query may read; none is no limit (Loki)."
    )
    others: Annotated[dict[str, Any], AfterValidator(_check_others)] = Field(
        default_factory=dict,
        description="Any other limit, in Loki's own words, such as `max_line_size_truncate: true`; what Loki 3.7 does "
        "not have by its documentation is refused (docs/limits.md).",
    )


def stored_bytes(limits: LogsLimits) -> int:
    """Return what a bucket comes to hold of each second, before compression."""
    return limits.ingestion_rate


def limits_of(limits: LogsLimits) -> Values:
    """Return limits in Loki's own words."""
    return in_words(limits, WORDS)
