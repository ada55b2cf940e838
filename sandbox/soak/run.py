"""A run: somebody writes, events come at random, and the memory of every pod is looked at all the while."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from sandbox import mimir_blocks
from sandbox.continuity.events import EVENTS, NOTHING, Event
from sandbox.continuity.run import Outcome, counted, struck, written
from sandbox.continuity.site import Site
from sandbox.soak import memory
from sandbox.soak.growth import Memory, Reading, Verdict, memories
from sandbox.soak.schedule import drawn, within

_SETTLED_SECONDS = 15
WHOLE = Event("the whole run", "all that was written from its beginning to its end", NOTHING.strike)


@dataclass
class Soak:
    """What a run has seen so far."""

    stack: str
    seed: int
    asked: float
    """Seconds that it is to last; an event that has begun by then is waited for."""
    block_minutes: int
    """What a block of metrics spans, and so how often an ingester lets go of what it has in memory."""
    begun: float = 0.0
    """When somebody began to write, in seconds since the epoch."""
    outcomes: list[Outcome] = field(default_factory=list)
    """Of each event, one a signal, in their order."""
    whole: list[Outcome] = field(default_factory=list)
    """Of all that was written, one a signal."""
    readings: list[Reading] = field(default_factory=list)
    """Of working sets."""
    heaps: list[Reading] = field(default_factory=list)
    """Of what programs hold."""

    @property
    def period(self) -> float:
        """After how many seconds an ingester has let go of what it had in memory."""
        return self.block_minutes * 60

    @property
    def memories(self) -> list[Memory]:
        """What is said of each role's memory."""
        return memories(self.readings, self.heaps, self.period)

    @property
    def passed(self) -> bool:
        """Whether it came to its end, nothing was lost or refused that should not be, and no role grows."""
        everything = [*self.outcomes, *self.whole]
        grows = any(each.verdict is Verdict.GROWS for each in self.memories)
        return bool(self.whole) and all(each.passed for each in everything) and not grows


def run(site: Site, soak: Soak, told: Callable[[str], None]) -> Iterator[Outcome]:
    """Fill in what is seen, and yield the outcome of each event as soon as it is known.

    Raises:
        EngineError, WorldError, tenacity.RetryError: a part did not come back.
    """
    # What else an earlier run has changed is as the settings have it again.
    site.up(lambda config: mimir_blocks.shorten(config, soak.block_minutes))
    site.await_ready()
    site = replace(site, choose=Random(soak.seed).choice)  # noqa: S311 - pods, not secrets
    events = [event for event in EVENTS if event is not NOTHING]
    with written(site, _SETTLED_SECONDS) as file:
        soak.begun = time.time()
        with memory.watched(site, soak.readings, soak.heaps, soak.period, lambda: time.time() - soak.begun):
            coming = within(drawn(events, soak.seed), soak.begun + soak.asked, time.time, time.sleep)
            for outcome in struck(site, file, coming, told):
                soak.outcomes.append(outcome)
                yield outcome
        soak.whole += counted(site, WHOLE, file, soak.begun, time.time() - soak.begun)
