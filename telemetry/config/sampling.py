"""Which traces are sent on where not all are."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings

Percent = Annotated[float, Field(ge=0.01, lt=100)]
_Text = Annotated[str, Field(min_length=1)]
Attributes = dict[_Text, Annotated[list[_Text], Field(min_length=1)]]
"""Values by attribute; one of them on one span, or on its resource, is enough."""


class TailSampling(Settings):
    """Choosing traces once they are there: first what is dropped, then what is always sent, then some of the rest."""

    drop: Attributes = Field(
        default_factory=dict, description="Traces never sent, by attribute, such as `{http.route: [/healthz]}`."
    )
    errors: bool = Field(default=True, description="Whether traces with a failed span are always sent.")
    slower_than_ms: int | None = Field(
        default=None,
        ge=1,
        description="Milliseconds above which a trace is always sent; none: slow ones are as others.",
    )
    attributes: Attributes = Field(default_factory=dict, description="Traces always sent, by attribute.")
    keep_percent: Percent = Field(
        default=10, description="How many of the rest are sent, in percent; of one trace every collector thinks alike."
    )
    wait_seconds: int = Field(
        default=10,
        ge=1,
        le=120,
        description="How long after a trace's first span it is decided on. Spans that come later follow the decision "
        "while it is remembered.",
    )
    max_traces: int = Field(
        default=5_000,
        ge=100,
        le=1_000_000,
        description="Traces that wait in memory at a time; the oldest is given up for one more. At 10Ki each "
        "(a dozen spans) 5000 take 50Mi of collector.size.memory.",
    )
    accept_partial_traces: bool = Field(
        default=False,
        description="With a collector on each of several nodes: accept that each decides by the spans of its own node "
        "alone, so that of a trace across nodes some parts may be sent and others not.",
    )


class Sampling(Settings):
    """Sending some of the traces. What Tempo makes of spans, its metrics and service graph, counts only those."""

    head_percent: Percent | None = Field(
        default=None,
        description="How many traces are taken at all, in percent, by their id: whole ones, on whichever nodes. A span "
        "with the attribute `sampling.priority` above 0 is taken anyway. None: all.",
    )
    tail: TailSampling | None = Field(
        default=None, description="Choosing among those by what is in them; none: all are sent."
    )

    @model_validator(mode="after")
    def _samples(self) -> Self:
        if self.head_percent is None and self.tail is None:
            raise SettingError("head_percent", "is not set, and neither is tail; set one of them, or remove sampling")
        return self
