"""How tests wait: for what they need, for as long as a busy machine may take to bring it about."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

SECONDS = 120
"""After so long what has not come is missing: far more than it takes, so that the machine's load decides no test."""
Found = TypeVar("Found")


def until(look: Callable[[], Found], told: Callable[[], object] = str, *, every: float = 0.05) -> Found:
    """Return what is found once there is any; the test fails with what is told if there is none in the end.

    `every`: seconds between two looks, more where each takes its time.
    """
    end = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < end, told() or "it has not come about"
        time.sleep(every)
    return found


def moments() -> Iterator[datetime]:
    """Yield a moment that is some seconds ahead, then later ones, for a machine on which the last came too soon."""
    for ahead in (6, 20, 60, 180):
        yield (datetime.now(UTC) + timedelta(seconds=ahead)).replace(microsecond=0)
    raise AssertionError("the machine is too busy to do anything before a moment that is minutes ahead")


def pass_by(moment: datetime) -> None:
    """Wait until a second after a moment: programs tell the time in whole seconds."""
    time.sleep(max(0, (moment - datetime.now(UTC)).total_seconds() + 1.1))
