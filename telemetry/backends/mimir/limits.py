"""What Mimir grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Duration


class MetricsLimits(Settings):
    """What Mimir grants a tenant; the defaults are Mimir's own."""

    ingestion_rate: int = Field(default=10_000, ge=1, description="Samples per second that are taken in (Mimir).")
    burst: int = Field(default=200_000, ge=1, description="Samples that may come at once (Mimir).")
    max_series: int = Field(default=150_000, ge=1, description="Series in memory at a time (Mimir).")
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is the chart's 12000h (charts.md 3.6)."
    )
    max_query_parallelism: int | None = Field(
        default=None, ge=1, le=1_000, description="Parts of one query that run at a time; none is Mimir's 14."
    )
