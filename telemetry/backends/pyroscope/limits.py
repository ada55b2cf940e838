"""What Pyroscope grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes


class ProfilesLimits(Settings):
    """What Pyroscope grants a tenant; the defaults are Pyroscope's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of samples per second (Pyroscope: 4 MB).")
    burst: Bytes = Field(
        default=2 * 2**20, description="Bytes of samples at once, no less than the largest profile (Pyroscope: 2 MB)."
    )
