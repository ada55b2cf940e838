"""How a cost grows with a number of things: at most in a straight line, or faster."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_MOST = 2
"""Times what one more has cost before that it may cost between the last two counts: what grows with the square costs
more than three times as much there (1, 3, 10), or ten times (10, 100, 1,000), and each count is measured once."""
_NOISE = 0.1
"""Of an amount: what has grown by less has not grown."""


@dataclass(frozen=True)
class Slope:
    """One cost, by how many things there were, the fewest first."""

    what: str
    unit: str
    points: Sequence[tuple[int, float]]

    @property
    def steps(self) -> list[float]:
        """What one more has cost, from each count to the next."""
        return [(b - a) / (n - m) for (m, a), (n, b) in pairwise(self.points)]

    @property
    def is_linear(self) -> bool:
        """Whether one more costs about what it has cost before, or nothing."""
        before, last = self.steps[-2:]
        (_, former), (_, latter) = self.points[-2:]
        return latter - former <= _NOISE * latter or last <= _MOST * before
