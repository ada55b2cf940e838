"""What Loki grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes, Duration
from telemetry.spec.values.common import Values
from telemetry.spec.values.limits import optional_duration, stated


class LogsLimits(Settings):
    """What Loki grants a tenant; the defaults are Loki's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of lines per second (Loki: 4 MB).")
    burst: Bytes = Field(default=6 * 2**20, description="Bytes of lines that may come at once (Loki: 6 MB).")
    max_streams: int = Field(default=5_000, ge=1, description="Streams that are active at a time (Loki).")
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is Loki's 721h."
    )


_MIB = 2**20
"""Bytes of what Loki and Pyroscope call a MB."""


def limits_of(limits: LogsLimits) -> Values:
    """Return limits in Loki's own words."""
    chosen: Values = {
        "ingestion_rate_mb": limits.ingestion_rate / _MIB,
        "ingestion_burst_size_mb": limits.burst / _MIB,
        "max_global_streams_per_user": limits.max_streams,
        "max_query_length": optional_duration(limits.max_query_length),
    }
    return stated(chosen)
