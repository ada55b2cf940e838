"""What Pyroscope grants a tenant."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes, Duration, duration_text
from telemetry.spec.known_limits import KnownLimits
from telemetry.spec.values.common import Values
from telemetry.spec.values.limits import Limit, in_words, set_by

_MIB = 2**20
"""Bytes of what Pyroscope calls a MB."""
KNOWN = KnownLimits.of("Pyroscope 2.2", Path(__file__).parent)
"""All limits that it has."""
RETENTION = "retention_period"
"""What it calls the time that data is kept."""


def _mb(size: int) -> float:
    return size / _MIB


WORDS: Mapping[str, Limit] = {
    "ingestion_rate": Limit("ingestion_rate_mb", _mb),
    "burst": Limit("ingestion_burst_size_mb", _mb),
    "max_labels": Limit("max_label_names_per_series"),
    "max_label_name_length": Limit("max_label_name_length"),
    "max_label_value_length": Limit("max_label_value_length"),
    "max_profile_size": Limit("max_profile_size_bytes"),
    "max_query_length": Limit("max_query_length", duration_text),
    "max_query_lookback": Limit("max_query_lookback", duration_text),
}
"""What Pyroscope calls each limit that has a setting, by the setting."""


def _check_others(others: dict[str, Any]) -> dict[str, Any]:
    KNOWN.check(others, set_by(WORDS, **{RETENTION: "retention.profiles or profiles.retention"}))
    return others


class ProfilesLimits(Settings):
    """What Pyroscope grants a tenant; the defaults are Pyroscope's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of samples per second (Pyroscope: 4 MB).")
    burst: Bytes = Field(
        default=2 * 2**20, description="Bytes of samples at once, no less than the largest profile (Pyroscope: 2 MB)."
    )
    max_labels: int | None = Field(default=None, ge=1, description="Labels of one series; none is Pyroscope's 30.")
    max_label_name_length: int | None = Field(
        default=None, ge=1, description="Bytes of a label's name; none is Pyroscope's 1024."
    )
    max_label_value_length: int | None = Field(
        default=None, ge=1, description="Bytes of a label's value; none is Pyroscope's 2048."
    )
    max_profile_size: Bytes | None = Field(
        default=None, description="Largest profile, not compressed; none is Pyroscope's 4 MB."
    )
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is Pyroscope's 1d."
    )
    max_query_lookback: Duration | None = Field(
        default=None, description="How far back a query may reach; none is Pyroscope's 1w."
    )
    others: Annotated[dict[str, Any], AfterValidator(_check_others)] = Field(
        default_factory=dict,
        description="Any other limit, in Pyroscope's own words, such as `max_flamegraph_nodes_max: 8192`; what "
        "Pyroscope 2.2 does not have by its documentation is refused (docs/limits.md).",
    )


def stored_bytes(limits: ProfilesLimits) -> int:
    """Return what a bucket comes to hold of each second, before compression."""
    return limits.ingestion_rate


def limits_of(limits: ProfilesLimits) -> Values:
    """Return limits in Pyroscope's own words."""
    return in_words(limits, WORDS)
