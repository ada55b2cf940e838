"""The memory of every pod of a stack, looked at every now and then while other things go on."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import urllib3
from kubernetes.client import ApiException

from sandbox.continuity import pods
from sandbox.continuity.site import Site
from sandbox.soak.growth import Reading
from sandbox.soak.heap import held
from telemetry.clients.kubernetes import NoJsonError

_Pod = Mapping[str, Any]
_AWAY = (ApiException, urllib3.exceptions.HTTPError, NoJsonError)
"""A kubelet that is being restarted does not answer: what it would have said is left out."""


@contextmanager
def watched(
    site: Site, used: list[Reading], heaps: list[Reading], period: float, clock: Callable[[], float]
) -> Iterator[None]:
    """Look at a stack's pods for the length of a block, without those that only answer probes, and add what is seen.

    Args:
        site: the stack.
        used: gets their working sets, every ten seconds.
        heaps: gets what their programs hold, where they say so.
        period: every how many seconds these are asked.
        clock: says how many seconds of the run are over.
    """
    stop = threading.Event()

    def watch() -> None:
        due = 0.0
        while not stop.wait(pods.EVERY_SECONDS):
            at = clock()
            with suppress(*_AWAY):
                now = _looked(site, at)
                used.extend(reading for reading, _ in now)
                if at >= due:
                    due = at + period
                    heaps.extend(_holding(site, now))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _looked(site: Site, at: float) -> list[tuple[Reading, _Pod]]:
    there = pods.real(site)
    lives = (life for life in pods.now(site.core.api_client, site.namespace) if life.pod in there)
    return [(Reading(at, pods.role(there[each.pod]), each.started, each.use.memory), there[each.pod]) for each in lives]


def _holding(site: Site, now: Iterable[tuple[Reading, _Pod]]) -> Iterator[Reading]:
    """Yield the same readings, of what programs hold; a pod that does not answer says nothing."""
    for reading, pod in now:
        with suppress(*_AWAY):
            memory = held(site.core.api_client, pod)
            if memory is not None:
                yield replace(reading, memory=memory)
