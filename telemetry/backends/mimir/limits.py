"""What Mimir grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Duration
from telemetry.spec.values.common import Values
from telemetry.spec.values.limits import optional_duration, stated


class MetricsLimits(Settings):
    """What Mimir grants a tenant; the defaults are Mimir's own."""

    ingestion_rate: int = Field(default=10_000, ge=1, description="Samples per second that are taken in (Mimir).")
    burst: int = Field(default=200_000, ge=1, description="Samples that may come at once (Mimir).")
    max_series: int = Field(default=150_000, ge=1, description="Series in memory at a time (Mimir).")
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is the chart's 12000h."
    )
    max_query_parallelism: int | None = Field(
        default=None, ge=1, le=1_000, description="Parts of one query that run at a time; none is Mimir's 14."
    )


def limits_of(limits: MetricsLimits) -> Values:
    """Return limits in Mimir's own words."""
    chosen: Values = {
        "ingestion_rate": limits.ingestion_rate,
        "ingestion_burst_size": limits.burst,
        "max_global_series_per_user": limits.max_series,
        "max_total_query_length": optional_duration(limits.max_query_length),
        "max_query_parallelism": limits.max_query_parallelism,
    }
    return stated(chosen)
