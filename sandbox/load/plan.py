"""What a run of load is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Protocol = Literal["remote-write", "otlp"]
PROTOCOLS: tuple[Protocol, ...] = ("remote-write", "otlp")
SHAPES = {1: "dev", 3: "prod"}
"""Whose shape so many replicas are, of which each has every series; docs/load.md has tables of these."""
SENDERS = 8
"""Connections that requests go by; each waits for its answer."""


class PlanError(Exception):
    """A run that cannot be; the message says what would do."""


def protocols_of(names: Sequence[str]) -> tuple[Protocol, ...]:
    """Return protocols by their names, all of them where none is named (PlanError)."""
    if unknown := [name for name in names if name not in PROTOCOLS]:
        raise PlanError(f"there is no protocol {', '.join(unknown)}; there are {' and '.join(PROTOCOLS)}")
    return tuple(each for each in PROTOCOLS if each in names) or PROTOCOLS


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run: steps of more and more load, until it is no longer carried or the last step is over."""

    rate: int = 10_000
    """Samples a second of the first step."""
    factor: float = 2.0
    """How many times the load of a step the next one has."""
    steps: int = 12
    """The most steps, before those that look closer: with the load doubled each time, more than one sender can send."""
    seconds: float = 20
    """How long a step is."""
    tenants: int = 2
    series: int = 100_000
    """Series of all tenants together."""
    samples: int = 1_000
    """Samples in a request, one of each of so many series."""
    queries: float = 1
    """Queries a second."""
    protocols: tuple[Protocol, ...] = PROTOCOLS
    """How samples are written; of several, each by its share of the series."""
    replicas: int = 1
    """How many replicas of the backend hold series, each of them every one: 1 is dev's shape, 3 is prod's."""

    def __post_init__(self) -> None:
        if self.batches < SENDERS:
            raise PlanError(
                f"{self.series:,} series of {self.tenants} tenants are {self.batches} requests of {self.samples:,} "
                f"samples, and there are {SENDERS} senders, each with its own; have more series, or smaller requests"
            )

    @property
    def batches(self) -> int:
        """Into how many requests all series go."""
        return self.tenants * (self.series // self.tenants // self.samples)

    def rates(self) -> list[float]:
        """Return the load of each step, in samples a second."""
        return [self.rate * self.factor**step for step in range(self.steps)]
