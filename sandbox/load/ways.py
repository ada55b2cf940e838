"""The cost of a request by each way in, side by side: rounds take turns, what else the machine does meets all."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import httpx

from sandbox.load.figures import quantile_of
from sandbox.load.requests import Batch
from sandbox.load.sender import Clock
from sandbox.load.site import Site
from sandbox.load.watch import used

_ROUNDS = 5


class Way(NamedTuple):
    """A way in."""

    client: httpx.Client
    path: str


@dataclass(frozen=True)
class Cost:
    """What requests by one way took."""

    way: str
    seconds: tuple[float, ...]
    cpu: Mapping[str, float]
    """Seconds of CPU for each request, by group."""

    @property
    def median(self) -> float:
        """The seconds of a usual request."""
        return median(self.seconds)

    @property
    def slowest(self) -> float:
        """The seconds within which 99 of 100 were answered."""
        return quantile_of(self.seconds, 0.99)


def ways_of(site: Site, title: str, path: str) -> dict[str, Way]:
    """Return the first tenant's ways by name, to a path of the gateway; others are held against the first."""
    return {
        f"{title} itself, no TLS, no credential": Way(*site.direct(0, path)),
        "gateway: TLS and token": Way(site.through_gateway(0), path),
        "gateway: TLS and client certificate": Way(site.through_gateway(0, certificate=True), path),
        "gateway: a TLS handshake and token for each request": Way(site.through_gateway(0, keep=False), path),
    }


def compared(
    ways: Mapping[str, Way],
    batch: Batch,
    groups: Mapping[str, Sequence[int]],
    requests: int,
    clock: Clock = time.perf_counter,
    cpu: Callable[[Sequence[int]], float] = lambda pids: used(pids, 0).cpu,
) -> list[Cost]:
    """Send so many requests by each way, one after the other, in turns.

    Raises:
        RuntimeError: one was refused.
    """
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    spent: dict[str, dict[str, float]] = {way: dict.fromkeys(groups, 0.0) for way in ways}
    for name, way in ways.items():
        _send(way, batch, name)  # the first one connects
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            before = {group: cpu(pids) for group, pids in groups.items()}
            for _ in range(max(1, requests // _ROUNDS)):
                begun = clock()
                _send(way, batch, name)
                seconds[name].append(clock() - begun)
            for group, pids in groups.items():
                spent[name][group] += cpu(pids) - before[group]
    return [
        Cost(name, tuple(taken), {group: total / len(taken) for group, total in spent[name].items()})
        for name, taken in seconds.items()
    ]


def _send(way: Way, batch: Batch, name: str) -> None:
    answer = way.client.post(way.path, content=batch.body(int(time.time() * 1000)), headers=dict(batch.headers))
    if not answer.is_success:
        raise RuntimeError(f"{name}: {answer.status_code} {answer.text[:200]}")
