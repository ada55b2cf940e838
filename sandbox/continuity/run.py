"""One run over all events, on a stack to which somebody writes all the while."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.continuity import traffic
from sandbox.continuity.events import Event
from sandbox.continuity.site import Site

_SETTLED_SECONDS = 15
"""Between two events, so that each is seen by itself."""


@dataclass(frozen=True)
class Outcome:
    """What was seen from an event's beginning until shortly after all pods were ready again."""

    event: Event
    requests: int
    refused: int
    answers: tuple[str, ...]
    """How the refused ones were answered."""
    acknowledged: int
    """Samples."""
    lost: int
    """Samples that were acknowledged and are not found."""
    seconds: float
    """From the event's beginning until all pods were ready."""

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, and nothing refused that should not be."""
        return self.lost == 0 and self.acknowledged > 0 and (self.event.refused or self.refused == 0)


def run(site: Site, events: Sequence[Event], told: Callable[[str], None]) -> Iterator[Outcome]:
    """Yield the outcome of each event. Raises EngineError, WorldError, tenacity.RetryError."""
    with tempfile.TemporaryDirectory(prefix="telemetry-continuity-") as directory:
        file = Path(directory) / "sent.jsonl"
        with site.written_to(file):
            time.sleep(_SETTLED_SECONDS)
            for event in events:
                told(f"{event.name}: {event.what} …")
                begun = time.time()
                event.strike(site)
                site.await_ready()
                seconds = time.time() - begun
                time.sleep(_SETTLED_SECONDS)
                yield _outcome(site, event, file, (int(begun * 1000), int(time.time() * 1000)), seconds)


def _outcome(site: Site, event: Event, file: Path, window: tuple[int, int], seconds: float) -> Outcome:
    sent = traffic.read(file, *window)
    refused = [each for each in sent if not each.taken]
    return Outcome(
        event,
        len(sent),
        len(refused),
        tuple(sorted({each.answer for each in refused})),
        (len(sent) - len(refused)) * traffic.SERIES,
        site.lost(file, *window),
        seconds,
    )
