"""Sends requests at a steady pace, whether they are answered in time or not.

A request is late from the moment at which it was due, not from that at which its sender was free: else a backend that
stops for a while would seem quick, because nobody asks it meanwhile.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count, cycle

import httpx
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox.load.figures import Answer, Kind
from sandbox.load.plan import SENDERS
from sandbox.load.requests import METRIC, Batch

Clock = Callable[[], float]
Wait = Callable[[float], object]
QUERY = "/prometheus/api/v1/query"
_SECONDS_TO_BEGIN = 60


class Sender:
    """A sender of each batch's own samples in their order, and one who asks."""

    def __init__(self, clients: Sequence[httpx.Client], clock: Clock = time.monotonic, wait: Wait = time.sleep) -> None:
        """Args: clients: one of each tenant; clock: in seconds; wait: for so many seconds."""
        self._clients, self._clock, self._wait = clients, clock, wait
        self._begun = clock()

    def now(self) -> float:
        """Return the seconds of the run so far."""
        return self._clock() - self._begun

    def send(self, batches: Sequence[Batch], rate: float, queries: float, seconds: float) -> list[Answer]:
        """Send so many samples a second for a while, and ask so many queries; return how all was answered.

        What is due and was not sent when the while is over is not sent any more.
        """
        answers: list[Answer] = []
        begun = self.now()
        until = begun + seconds
        apart = batches[0].samples * SENDERS / rate
        tasks = [
            threading.Thread(
                target=self._write, args=(batches[each::SENDERS], begun + each * apart / SENDERS, apart, until, answers)
            )
            for each in range(SENDERS)
        ]
        if queries:
            tasks.append(threading.Thread(target=self._ask, args=(begun, 1 / queries, until, answers)))
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        return answers

    def _write(self, batches: Sequence[Batch], first: float, apart: float, until: float, answers: list[Answer]) -> None:
        for batch, due in zip(cycle(batches), self._due(first, apart, until), strict=False):
            status = _posted(self._clients[batch.tenant], batch)
            answers.append(self._answer("write", due, status, batch.samples))

    def _ask(self, first: float, apart: float, until: float, answers: list[Answer]) -> None:
        query = {"query": f'sum by (batch) (rate({METRIC}{{batch=~"b[0-9]"}}[1m]))'}
        for client, due in zip(cycle(self._clients), self._due(first, apart, until), strict=False):
            status = _status(partial(client.get, QUERY, params=query))
            answers.append(self._answer("query", due, status, 0))

    def _due(self, first: float, apart: float, until: float) -> Iterator[float]:
        """Yield the moments at which something is due, each when it is there."""
        for due in (first + number * apart for number in count()):
            if due >= until or self.now() >= until:
                return
            if (early := due - self.now()) > 0:
                self._wait(early)
            yield due

    def _answer(self, kind: Kind, due: float, status: int, samples: int) -> Answer:
        now = self.now()
        return Answer(now, kind, now - due, status, samples)


def await_served(client: httpx.Client, batch: Batch) -> None:
    """Send a batch until it is acknowledged and found: of a tenant's first one a backend may not know at once.

    Raises:
        RuntimeError: it is not within a minute.
    """
    for attempt in Retrying(stop=stop_after_delay(_SECONDS_TO_BEGIN), wait=wait_fixed(0.5), reraise=True):
        with attempt:
            status = _posted(client, batch)
            answer = client.get(QUERY, params={"query": f"count({METRIC})"})
            if not (200 <= status < 300 and answer.is_success and answer.json()["data"]["result"]):
                said = f"{status} and {answer.status_code} {answer.text[:200]}"
                raise RuntimeError(f"a first request was not acknowledged and found in {_SECONDS_TO_BEGIN} s: {said}")


def _posted(client: httpx.Client, batch: Batch) -> int:
    """Send a batch, as of now, and return how it was answered."""
    body, headers = batch.body(int(time.time() * 1000)), dict(batch.headers)
    return _status(partial(client.post, batch.path, content=body, headers=headers))


def _status(ask: Callable[[], httpx.Response]) -> int:
    try:
        return ask().status_code
    except httpx.HTTPError:
        return 0
