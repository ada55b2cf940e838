"""What Tempo grants a tenant."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes, Duration, duration_text
from telemetry.spec.known_limits import KnownLimits
from telemetry.spec.values.common import Values, merged
from telemetry.spec.values.limits import Limit, in_words, set_by

KNOWN = KnownLimits.of("Tempo 2.10", Path(__file__).parent)
"""All limits that it has."""
_OWN: Values = {"read": {"max_bytes_per_tag_values_query": 5_000_000, "max_search_duration": "168h"}}
"""Tempo's own limits of queries: a tenant's overrides take nothing over from the defaults."""
WORDS: Mapping[str, Limit] = {
    "ingestion_rate": Limit("ingestion.rate_limit_bytes"),
    "burst": Limit("ingestion.burst_size_bytes"),
    # Of the whole ring; `max_traces_per_user` would count each ingester by itself.
    "max_traces": Limit("ingestion.max_global_traces_per_user"),
    "max_trace_size": Limit("global.max_bytes_per_trace"),
    "max_attribute_size": Limit("ingestion.max_attribute_bytes"),
    "max_search_duration": Limit("read.max_search_duration", duration_text),
    "max_metrics_duration": Limit("read.max_metrics_duration", duration_text),
    "max_tag_values_size": Limit("read.max_bytes_per_tag_values_query"),
    "max_generated_series": Limit("metrics_generator.max_active_series"),
}
"""What Tempo calls each limit that has a setting, by the setting."""
_ELSEWHERE = {
    "compaction.block_retention": "retention.traces or traces.retention",
    "metrics_generator.processors": "traces.processors",
    "metrics_generator.remote_write_headers": "the program, which writes a tenant's metrics as its own",
    "ingestion.rate_strategy": "the program, whose rates are of all distributors together",
}


def _check_others(others: dict[str, Any]) -> dict[str, Any]:
    KNOWN.check(others, set_by(WORDS, **_ELSEWHERE))
    return others


class TracesLimits(Settings):
    """What Tempo grants a tenant; the defaults are Tempo's own, in binary units."""

    ingestion_rate: Bytes = Field(
        default=15 * 2**20, description="Bytes of spans per second that are taken in (Tempo: 15 MB)."
    )
    burst: Bytes = Field(default=20 * 2**20, description="Bytes of spans that may come at once (Tempo: 20 MB).")
    max_traces: int = Field(default=10_000, ge=1, description="Traces that are open at a time (Tempo).")
    max_trace_size: Bytes = Field(
        default=5 * 2**20,
        description="Largest trace (Tempo: 5 MB); at most 1Mi less than telemetry:traces.max_message_size, or nobody "
        "can read it.",
    )
    max_attribute_size: Bytes | None = Field(
        default=None, description="Longest attribute of a span, above which it is cut; none is Tempo's 2 KB."
    )
    max_search_duration: Duration | None = Field(
        default=None, description="Longest range of one search; none is Tempo's 168h."
    )
    max_metrics_duration: Duration | None = Field(
        default=None, description="Longest range of one query of TraceQL metrics; none is Tempo's 3h."
    )
    max_tag_values_size: Bytes | None = Field(
        default=None, description="Largest answer with the values of an attribute; none is 5 MB (the program's choice)."
    )
    max_generated_series: int | None = Field(
        default=None, ge=1, description="Series that the metrics-generator makes at a time; none is no limit (Tempo)."
    )
    others: Annotated[dict[str, Any], AfterValidator(_check_others)] = Field(
        default_factory=dict,
        description="Any other limit, in Tempo's own words, such as `ingestion: {tenant_shard_size: 3}`; what Tempo "
        "2.10 does not have by its sources is refused (docs/limits.md).",
    )


def stored_bytes(limits: TracesLimits) -> int:
    """Return what a bucket comes to hold of each second, before compression."""
    return limits.ingestion_rate


def limits_of(limits: TracesLimits) -> Values:
    """Return limits in Tempo's own words."""
    return merged(_OWN, in_words(limits, WORDS))
