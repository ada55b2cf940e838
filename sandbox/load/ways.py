"""The cost of a request by each way in, side by side: rounds take turns, what else the machine does meets all."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import httpx

from sandbox.load.figures import quantile_of
from sandbox.load.requests import Batch
from sandbox.load.sender import Clock
from sandbox.load.site import Site
from sandbox.load.watch import used

_ROUNDS = 5


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


def ways_of(site: Site) -> dict[str, httpx.Client]:
    """Return clients of the first tenant by each way, by its name; others are held against the first."""
    return {
        "Mimir itself, no TLS, no credential": site.direct(0),
        "gateway: TLS and token": site.through_gateway(0),
        "gateway: TLS and client certificate": site.through_gateway(0, certificate=True),
        "gateway: a TLS handshake and token for each request": site.through_gateway(0, keep=False),
    }


def compared(
    clients: Mapping[str, httpx.Client],
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
    seconds: dict[str, list[float]] = {way: [] for way in clients}
    spent: dict[str, dict[str, float]] = {way: dict.fromkeys(groups, 0.0) for way in clients}
    for way, client in clients.items():
        _send(client, batch, way)  # the first one connects
    for _ in range(_ROUNDS):
        for way, client in clients.items():
            before = {group: cpu(pids) for group, pids in groups.items()}
            for _ in range(max(1, requests // _ROUNDS)):
                begun = clock()
                _send(client, batch, way)
                seconds[way].append(clock() - begun)
            for group, pids in groups.items():
                spent[way][group] += cpu(pids) - before[group]
    return [
        Cost(way, tuple(taken), {group: total / len(taken) for group, total in spent[way].items()})
        for way, taken in seconds.items()
    ]


def _send(client: httpx.Client, batch: Batch, way: str) -> None:
    answer = client.post(batch.path, content=batch.body(int(time.time() * 1000)), headers=dict(batch.headers))
    if not answer.is_success:
        raise RuntimeError(f"{way}: {answer.status_code} {answer.text[:200]}")
