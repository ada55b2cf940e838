"""Whether the memory of a role grows: a straight line through the second half of a run, against what it swings by.

What comes and goes in periods, as what an ingester holds until it cuts a block, is averaged over each whole period
first: so a sawtooth is flat wherever a half begins and ends, and a leak below it is not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

SETTLED = 2
"""Periods of a pod that do not count: it starts, replays what it has on disk, and takes in what it is to let go of."""
LEAST_PART = 0.05
"""Of what a role has: growth over the second half that is less is none."""
SWINGS = 2
"""Growth that is less than so many standard deviations from the line is none either."""
_FEWEST = 2
"""Steps from one period of a pod to its next, of all pods together: of fewer, a line says nothing."""


@dataclass(frozen=True)
class Reading:
    """The memory of a pod at a moment."""

    at: float
    """Seconds of the run."""
    role: str
    life: str
    """Differs between a pod and the one that took its place, and after its containers were started again."""
    memory: float
    """Bytes: the working set, or what its program holds of its heap; of a whole period, their mean."""


class Verdict(StrEnum):
    """What is said of a role."""

    FLAT = "flat"
    GROWS = "grows"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Growth:
    """A role over the second half of a run."""

    role: str
    lives: int
    """Pods, and the same ones started again, over the whole run."""
    most: float
    """Bytes of the hungriest pod over the whole run."""
    mean: float
    """Bytes of a pod, on average."""
    slope: float
    """Bytes a second, of a pod."""
    swing: float
    """Standard deviation of the periods' means from the line, in bytes."""
    seconds: float
    """How long the half is."""
    steps: int
    """From one whole period of a life to its next, of all lives together."""

    @property
    def bytes(self) -> float:
        """What a pod came to have more over the half."""
        return self.slope * self.seconds

    @property
    def verdict(self) -> Verdict:
        """Flat: the growth is less than a twentieth of what there is, or than twice what it swings by."""
        if self.steps < _FEWEST:
            return Verdict.UNKNOWN
        return Verdict.GROWS if self.bytes > max(LEAST_PART * self.mean, SWINGS * self.swing) else Verdict.FLAT


@dataclass(frozen=True)
class Memory:
    """What is said of a role's memory."""

    used: Growth
    """Working sets."""
    held: Growth | None
    """What its programs hold of their heaps once garbage is collected; nothing where they do not say so."""

    @property
    def verdict(self) -> Verdict:
        """That of what is held, else of working sets.

        A heap that is collected when it has doubled fills up with garbage for a while, which is no leak, or hides one.
        """
        known = [each.verdict for each in (self.held, self.used) if each and each.verdict is not Verdict.UNKNOWN]
        return known[0] if known else Verdict.UNKNOWN


def memories(used: Sequence[Reading], held: Sequence[Reading], period: float) -> list[Memory]:
    """Return what is said of each role, by readings of working sets and of heaps."""
    of_heaps = {each.role: each for each in growths(held, period)}
    return [Memory(each, of_heaps.get(each.role)) for each in growths(used, period)]


def growths(readings: Sequence[Reading], period: float) -> list[Growth]:
    """Return every role's growth in a run that ended with the last reading.

    Args:
        readings: of all pods.
        period: after how many seconds what comes and goes has gone.
    """
    ended = max((each.at for each in readings), default=0.0)
    roles = sorted({each.role for each in readings})
    return [_growth(role, [each for each in readings if each.role == role], ended, period) for role in roles]


def _growth(role: str, readings: Sequence[Reading], ended: float, period: float) -> Growth:
    """Return the slope that all lives have in common, by least squares, each of them held against its own mean.

    So a pod that takes the place of another one, and begins with less or more, is no growth.
    """
    half = ended / 2
    lives = _lives(readings)
    late = [_means([each for each in _settled(life, period) if each.at >= half], period) for life in lives]
    points = [point for life in late for point in _about_mean(life)]
    spread = sum(at**2 for at, _ in points)
    slope = sum(at * memory for at, memory in points) / spread if spread else 0.0
    steps = sum(len(life) - 1 for life in late if life)
    rest = sum((memory - slope * at) ** 2 for at, memory in points)
    counted = [each.memory for life in late for each in life]
    return Growth(
        role=role,
        lives=len(lives),
        most=max(each.memory for each in readings),
        mean=fmean(counted) if counted else 0.0,
        slope=slope,
        swing=(rest / (steps - 1)) ** 0.5 if steps > 1 else 0.0,
        seconds=ended - half,
        steps=steps,
    )


def _lives(readings: Iterable[Reading]) -> list[list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for each in sorted(readings, key=lambda each: each.at):
        found.setdefault(each.life, []).append(each)
    return list(found.values())


def _settled(life: Sequence[Reading], period: float) -> list[Reading]:
    return [each for each in life if each.at >= life[0].at + SETTLED * period]


def _means(life: Sequence[Reading], period: float) -> list[Reading]:
    """Return the mean of each whole period of a life; what is left of it at the end is left out."""
    periods: dict[int, list[Reading]] = {}
    for each in life:
        periods.setdefault(int((each.at - life[0].at) // period), []).append(each)
    last = int((life[-1].at - life[0].at) // period) if life else 0
    return [
        Reading(fmean(each.at for each in whole), whole[0].role, whole[0].life, fmean(each.memory for each in whole))
        for number, whole in periods.items()
        if number < last
    ]


def _about_mean(life: Sequence[Reading]) -> list[tuple[float, float]]:
    if not life:
        return []
    at, memory = fmean(each.at for each in life), fmean(each.memory for each in life)
    return [(each.at - at, each.memory - memory) for each in life]
