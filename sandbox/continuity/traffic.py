"""Steady writing through a stack's own addresses, as its first tenant would, and the count of what is found again.

Each second one request in each way of each signal; none is sent again. A request that was acknowledged has promised
that all that was in it is kept.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from telemetry.clients.target import Target

_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Sent:
    """A request: its moment in milliseconds since the epoch, the way that it took, and how it was answered."""

    moment: int
    via: str
    answer: str

    @property
    def taken(self) -> bool:
        """Whether it was acknowledged."""
        return self.answer.startswith("2")


@dataclass(frozen=True)
class Way:
    """How requests go to one address of a stack: ``body`` makes that of a moment."""

    via: str
    address: str
    body: Callable[[int], bytes]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Signal:
    """What is written of one signal.

    Args:
        name: the signal's.
        ways: how it is written.
        parts: samples or traces in each request.
        missing: how many parts are not found of requests that went one way at these moments, in their order.
    """

    name: str
    ways: Sequence[Way]
    parts: int
    missing: Callable[[httpx.Client, Mapping[str, str], str, Sequence[int]], int]


def write(target: Target, signals: Iterable[Signal], file: Path, stop: threading.Event) -> None:
    """Write until told to stop; each request becomes a line of the file as soon as it is answered."""
    lock = threading.Lock()

    def run(way: Way) -> None:
        with target.client(target.tenants[0]) as client, file.open("a") as lines:
            while not stop.wait(_EVERY_SECONDS - time.time() % _EVERY_SECONDS):
                moment = int(time.time() * 1000)
                answer = _posted(client, target.addresses[way.address], way.body(moment), way.headers)
                with lock:
                    lines.write(json.dumps(asdict(Sent(moment, way.via, answer))) + "\n")
                    lines.flush()

    threads = [threading.Thread(target=run, args=(way,)) for signal in signals for way in signal.ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def read(file: Path, signal: Signal, begin: int, until: int) -> list[Sent]:
    """Return a signal's requests of a while, in milliseconds since the epoch, both ends included."""
    ways = {way.via for way in signal.ways}
    sent = (Sent(**json.loads(line)) for line in file.read_text().splitlines())
    return [each for each in sent if begin <= each.moment <= until and each.via in ways]


def lost(target: Target, signal: Signal, sent: Sequence[Sent]) -> int:
    """Return how many samples or traces were acknowledged and are not found."""
    missing = 0
    with target.client(target.tenants[0]) as client:
        for way in signal.ways:
            moments = sorted(each.moment for each in sent if each.taken and each.via == way.via)
            missing += signal.missing(client, target.addresses, way.via, moments)
    return missing


@retry(retry=retry_if_exception_type(httpx.HTTPError), stop=stop_after_delay(120), wait=wait_fixed(1), reraise=True)
def asked(client: httpx.Client, url: str, query: Mapping[str, str], *, absent: Any = None) -> Any:
    """Return the JSON of an answer, ``absent`` for 404 where that is given; a reader that is refused asks again."""
    answer = client.get(url, params=query, timeout=60)
    if absent is not None and answer.status_code == httpx.codes.NOT_FOUND:
        return absent
    return answer.raise_for_status().json()


def _posted(client: httpx.Client, url: str, body: bytes, headers: Mapping[str, str]) -> str:
    try:
        return str(client.post(url, content=body, headers=dict(headers)).status_code)
    except httpx.HTTPError as error:
        return type(error).__name__
