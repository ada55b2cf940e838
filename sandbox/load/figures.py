"""What a run of load comes to: throughput, latency and cost of each step, the knee, and what more load would take."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["write", "query"]
_LEAST_CARRIED, _MOST_REFUSED, _SLOWEST = 0.95, 0.01, 1.0
"""Of what is offered; of what is answered; seconds for 99 of 100 writes. Beyond these a load is not carried."""


@dataclass(frozen=True)
class Answer:
    """One request: when it was answered, in seconds of the run, and how long after it was due."""

    at: float
    kind: Kind
    seconds: float
    status: int
    """0: there was no answer."""
    samples: int = 0

    @property
    def taken(self) -> bool:
        """Whether it was acknowledged."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Use:
    """What the processes of a group used by a moment of the run."""

    at: float
    cpu: float
    """Seconds of CPU, since each began."""
    memory: int
    """Bytes that are resident."""


@dataclass(frozen=True)
class Step:
    """A while of one load."""

    offered: float
    """Samples a second."""
    begun: float
    ended: float
    answers: tuple[Answer, ...]
    uses: Mapping[str, tuple[Use, ...]]
    """By group, in their order."""

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.ended - self.begun

    @property
    def samples(self) -> float:
        """Samples that were acknowledged, a second."""
        return sum(each.samples for each in self.answers if each.taken) / self.seconds

    def refused(self, kind: Kind = "write") -> float:
        """Return which part of the requests of a kind was not acknowledged."""
        answers = [each for each in self.answers if each.kind == kind]
        return sum(not each.taken for each in answers) / len(answers) if answers else 0.0

    def latency(self, quantile: float, kind: Kind = "write") -> float:
        """Return the seconds within which this part of the requests was answered; 0 of none."""
        return quantile_of([each.seconds for each in self.answers if each.kind == kind], quantile)

    def cores(self, *groups: str) -> float:
        """Return how many cores groups have used."""
        found = (uses for uses in map(self.uses.__getitem__, groups) if len(uses) > 1)
        return sum((uses[-1].cpu - uses[0].cpu) / (uses[-1].at - uses[0].at) for uses in found)

    def memory(self, *groups: str) -> int:
        """Return the most that groups had resident at a time."""
        at_once = zip(*map(self.uses.__getitem__, groups), strict=False)  # they are looked at in turns
        return max((sum(use.memory for use in uses) for uses in at_once), default=0)

    @property
    def is_carried(self) -> bool:
        """Whether 95 % of the load was taken, and 99 % of requests, 99 % of them within a second."""
        in_full = self.samples >= _LEAST_CARRIED * self.offered
        return in_full and self.refused() <= _MOST_REFUSED and self.latency(0.99) <= _SLOWEST


def quantile_of(values: Sequence[float], quantile: float) -> float:
    """Return the smallest value that is no less than this part of all; 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-quantile * len(ordered) // 1) - 1))]


def knee(steps: Sequence[Step]) -> Step | None:
    """Return the step with the most load that was carried; None: not even the first one was."""
    return max((each for each in steps if each.is_carried), key=lambda each: each.samples, default=None)


@dataclass(frozen=True)
class Estimate:
    """A figure beyond what was measured, with the error of the line that it is read from: about 19 of 20 are within."""

    value: float
    error: float


def cores_for(steps: Sequence[Step], group: str, samples: float) -> Estimate | None:
    """Return the cores that a load would take, by a straight line through the steps that were carried; None of under 3.

    The error is that of a prediction by least squares, at twice its standard deviation. It grows with the distance from
    what was measured; that the line goes on straight is an assumption which no figure can show.
    """
    carried = [each for each in steps if each.is_carried]
    points = [(each.samples, each.cores(group)) for each in carried]
    if len(points) < 3:
        return None
    loads, cores = zip(*points, strict=True)
    slope, offset = statistics.linear_regression(loads, cores)
    rest = sum((y - slope * x - offset) ** 2 for x, y in points) / (len(points) - 2)
    mean = statistics.fmean(loads)
    spread = sum((x - mean) ** 2 for x in loads)
    deviation = (rest * (1 + 1 / len(points) + (samples - mean) ** 2 / spread)) ** 0.5
    return Estimate(slope * samples + offset, 2 * deviation)
