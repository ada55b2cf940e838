"""What Tempo grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes, Duration


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
