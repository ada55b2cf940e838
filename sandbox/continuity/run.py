"""One run over all events, on a stack to which somebody writes all the while."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.continuity import traffic
from sandbox.continuity.events import Event
from sandbox.continuity.signals import SIGNALS
from sandbox.continuity.site import Site
from sandbox.continuity.traffic import Signal

_SETTLED_SECONDS = 15
"""Between two events, so that each is seen by itself."""


@dataclass(frozen=True)
class Outcome:
    """What was seen of one signal from an event's beginning until shortly after all pods were ready again."""

    event: Event
    signal: str
    requests: int
    refused: int
    answers: tuple[str, ...]
    """How the refused ones were answered."""
    acknowledged: int
    """Samples or traces."""
    lost: int
    """Samples or traces that were acknowledged and are not found."""
    seconds: float
    """From the event's beginning until all pods were ready."""

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, and nothing refused that should not be."""
        return self.lost == 0 and self.acknowledged > 0 and (self.event.refused or self.refused == 0)


def run(site: Site, events: Sequence[Event], told: Callable[[str], None]) -> Iterator[Outcome]:
    """Yield the outcomes of each event, one a signal. Raises EngineError, WorldError, tenacity.RetryError.

    An event that strikes a backend which is not on this machine is skipped, and that is told.
    """
    with tempfile.TemporaryDirectory(prefix="telemetry-continuity-") as directory:
        file = Path(directory) / "sent.jsonl"
        with site.written_to(file):
            time.sleep(_SETTLED_SECONDS)
            for event in events:
                if event.strikes not in site.signals:
                    told(f"{event.name}: skipped, no backend for {event.strikes} is on this machine")
                    continue
                told(f"{event.name}: {event.what} …")
                begun = time.time()
                event.strike(site)
                site.await_ready()
                seconds = time.time() - begun
                time.sleep(_SETTLED_SECONDS)
                window = (int(begun * 1000), int(time.time() * 1000))
                for signal in site.signals:
                    yield _outcome(site, event, SIGNALS[signal], file, window, seconds)


def _outcome(site: Site, event: Event, signal: Signal, file: Path, window: tuple[int, int], seconds: float) -> Outcome:
    sent = traffic.read(file, signal, *window)
    refused = [each for each in sent if not each.taken]
    return Outcome(
        event,
        signal.name,
        len(sent),
        len(refused),
        tuple(sorted({each.answer for each in refused})),
        (len(sent) - len(refused)) * signal.parts,
        site.lost(file, signal.name, *window),
        seconds,
    )
