"""The load that a stack is to carry, by which its sizes are proposed and judged."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.quantities import Bytes

_IDS = 24
"""Bytes of a span's two ids, below which it cannot be (https://opentelemetry.io/docs/specs/otel/trace/api/)."""


def _number(value: object) -> object:
    """Return a whole number as one with a fraction, as which the settings have it."""
    return float(value) if type(value) is int else value


Number = Annotated[float, BeforeValidator(_number, json_schema_input_type=float)]

_STORED = (
    "Bytes in the bucket, after compaction, for each byte that is received. No backend documents what its compression "
    "saves: 1 is for a stack that has not been measured."
)


class MetricsLoad(Settings):
    """Samples, and what is asked of them."""

    samples_per_second: int = Field(
        ge=1, le=1_000_000_000, description="Samples received a second at the peak, all tenants together."
    )
    active_series: int = Field(
        ge=1,
        le=10_000_000_000,
        description="Series that get samples, all tenants together, before replication: what ingesters hold.",
    )
    queries_per_second: Number = Field(
        default=1.0,
        gt=0,
        le=100_000,
        description="Queries a second at the peak, those of dashboards and rules included.",
    )


class TracesLoad(Settings):
    """Spans."""

    spans_per_second: int = Field(
        ge=1,
        le=1_000_000_000,
        description="Spans received a second at the peak; refused where the bytes contradict it.",
    )
    bytes_per_second: Bytes = Field(
        description="What these come to as they are received, before compression: what a distributor counts."
    )
    stored_ratio: Number = Field(default=1.0, gt=0, le=10, description=_STORED)

    @model_validator(mode="after")
    def _spans_have_a_size(self) -> Self:
        if self.bytes_per_second < self.spans_per_second * _IDS:
            raise SettingError(
                "bytes_per_second",
                f"is less than the ids of {self.spans_per_second:,} spans take ({_IDS} bytes each); correct one of the "
                "two",
            )
        return self


class LogsLoad(Settings):
    """Lines of logs."""

    lines_per_second: int = Field(
        ge=1,
        le=1_000_000_000,
        description="Lines received a second at the peak; refused where the bytes contradict it.",
    )
    bytes_per_second: Bytes = Field(description="What these come to as they are received, before compression.")
    stored_ratio: Number = Field(default=1.0, gt=0, le=10, description=_STORED)

    @model_validator(mode="after")
    def _lines_have_a_size(self) -> Self:
        if self.bytes_per_second < self.lines_per_second:
            raise SettingError(
                "bytes_per_second",
                f"is less than a byte for each of {self.lines_per_second:,} lines; correct one of the two",
            )
        return self


class ProfilesLoad(Settings):
    """Profiles."""

    bytes_per_second: Bytes = Field(description="Profiles received a second at the peak, as they are sent.")
    stored_ratio: Number = Field(default=1.0, gt=0, le=10, description=_STORED)


class Load(Settings):
    """The load of an environment. What is not said of a signal is not judged."""

    metrics: MetricsLoad | None = Field(default=None, description="Of metrics.")
    traces: TracesLoad | None = Field(default=None, description="Of traces.")
    logs: LogsLoad | None = Field(default=None, description="Of logs.")
    profiles: ProfilesLoad | None = Field(default=None, description="Of profiles.")
    tenants: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="How many tenants share it, by whom objects in buckets are counted; none is as many as there are.",
    )
