"""What Pyroscope grants a tenant."""

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes
from telemetry.spec.values.common import Values

_MIB = 2**20
"""Bytes of what Pyroscope calls a MB."""


class ProfilesLimits(Settings):
    """What Pyroscope grants a tenant; the defaults are Pyroscope's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of samples per second (Pyroscope: 4 MB).")
    burst: Bytes = Field(
        default=2 * 2**20, description="Bytes of samples at once, no less than the largest profile (Pyroscope: 2 MB)."
    )


def limits_of(limits: ProfilesLimits) -> Values:
    """Return limits in Pyroscope's own words."""
    return {
        "ingestion_rate_mb": limits.ingestion_rate / _MIB,
        "ingestion_burst_size_mb": limits.burst / _MIB,
    }
