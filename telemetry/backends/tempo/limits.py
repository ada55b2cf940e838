"""What Tempo grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes, Duration, duration_text
from telemetry.spec.values.common import Values


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
    max_search_duration: Duration | None = Field(
        default=None, description="Longest range of one search; none is Tempo's 168h."
    )


_TAG_VALUES_BYTES = 5_000_000
"""Tempo's own limit of an answer to a tag-values query: a tenant's overrides take nothing over from the defaults."""


_SEARCH_DURATION = 168 * 3_600
"""Seconds; Tempo's own longest range of a search."""


def limits_of(limits: TracesLimits) -> Values:
    """Return limits in Tempo's own words."""
    return {
        "ingestion": {
            "rate_limit_bytes": limits.ingestion_rate,
            "burst_size_bytes": limits.burst,
            # Of the whole ring; `max_traces_per_user` would count each ingester by itself.
            "max_global_traces_per_user": limits.max_traces,
        },
        "global": {"max_bytes_per_trace": limits.max_trace_size},
        "read": {
            "max_bytes_per_tag_values_query": _TAG_VALUES_BYTES,
            "max_search_duration": duration_text(limits.max_search_duration or _SEARCH_DURATION),
        },
    }
