"""One run over all events, on a stack to which somebody writes all the while."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.continuity import traffic
from sandbox.continuity.events import Event
from sandbox.continuity.signals import SIGNALS
from sandbox.continuity.site import AbsentError, Site

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
    begun: float
    """When it began, in seconds since the epoch."""

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, and nothing refused that should not be."""
        return self.lost == 0 and self.acknowledged > 0 and (self.event.refused or self.refused == 0)


def run(site: Site, events: Iterable[Event], told: Callable[[str], None]) -> Iterator[Outcome]:
    """Yield the outcomes of each event while somebody writes. Raises EngineError, WorldError, tenacity.RetryError."""
    with written(site, _SETTLED_SECONDS) as file:
        yield from struck(site, file, events, told)


@contextmanager
def written(site: Site, settled: float) -> Iterator[Path]:
    """Have somebody write for the length of a block, which begins after so many seconds; yield what says what was sent.

    Raises:
        EngineError: nobody can write.
    """
    with tempfile.TemporaryDirectory(prefix="telemetry-continuity-") as directory:
        file = Path(directory) / "sent.jsonl"
        with site.written_to(file):
            time.sleep(settled)
            yield file


def struck(site: Site, file: Path, events: Iterable[Event], told: Callable[[str], None]) -> Iterator[Outcome]:
    """Yield the outcomes of each event, one a signal. Raises EngineError, WorldError, tenacity.RetryError.

    An event that strikes what is not on this machine, or not in this stack, is skipped, and that is told.
    """
    for event in events:
        begun = time.time()
        told(f"{event.name}: {event.what} …")
        try:
            _strike(event, site)
        except AbsentError as reason:
            told(f"{event.name}: skipped, {reason}")
            continue
        site.await_ready()
        seconds = time.time() - begun
        time.sleep(_SETTLED_SECONDS)
        yield from counted(site, event, file, begun, seconds)


def _strike(event: Event, site: Site) -> None:
    if event.strikes not in site.signals:
        raise AbsentError(f"no backend for {event.strikes} is on this machine")
    event.strike(site)


def counted(site: Site, event: Event, file: Path, begun: float, seconds: float) -> Iterator[Outcome]:
    """Yield what became of all that was sent from a moment until now, one outcome a signal."""
    window = (int(begun * 1000), int(time.time() * 1000))
    for name in site.signals:
        signal = SIGNALS[name]
        sent = traffic.read(file, signal, *window)
        refused = [each for each in sent if not each.taken]
        yield Outcome(
            event,
            name,
            len(sent),
            len(refused),
            tuple(sorted({each.answer for each in refused})),
            (len(sent) - len(refused)) * signal.parts,
            site.lost(file, name, *window),
            seconds,
            begun,
        )
