"""Which event comes when: at random, and the same again with the same seed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

from sandbox.continuity.events import Event

_LONGEST_PAUSE = 30.0
"""Seconds between two events, beside what each takes to settle."""


def drawn(events: Sequence[Event], seed: int) -> Iterator[tuple[float, Event]]:
    """Yield pauses in seconds and the events after them, without end.

    Rounds of all events in an order of chance, so that each comes about as often as any other; those that mean nothing
    a second time are in the first round alone.

    Raises:
        ValueError: no event may come again.
    """
    rng = Random(seed)  # noqa: S311 - moments, not secrets
    left = list(events)
    if not any(event.again for event in left):
        raise ValueError("no event may come again, and there is no end of a schedule")
    while True:
        rng.shuffle(left)
        for event in left:
            yield rng.uniform(0, _LONGEST_PAUSE), event
        left = [event for event in left if event.again]


def within(
    drawn: Iterable[tuple[float, Event]],
    until: float,
    clock: Callable[[], float],
    wait: Callable[[float], object],
) -> Iterator[Event]:
    """Yield events after their pauses while a moment of the clock is not over, and return when it is."""
    for pause, event in drawn:
        wait(min(pause, max(0.0, until - clock())))
        if clock() >= until:
            return
        yield event
