"""What Loki grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes, Duration


class LogsLimits(Settings):
    """What Loki grants a tenant; the defaults are Loki's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of lines per second (Loki: 4 MB).")
    burst: Bytes = Field(default=6 * 2**20, description="Bytes of lines that may come at once (Loki: 6 MB).")
    max_streams: int = Field(default=5_000, ge=1, description="Streams that are active at a time (Loki).")
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is Loki's 721h."
    )
