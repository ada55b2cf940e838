"""The memory of every pod of a stack, looked at every now and then while other things go on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import urllib3
from kubernetes.client import ApiException

from sandbox.continuity import pods
from sandbox.continuity.site import Site
from sandbox.soak.growth import Reading
from telemetry.clients.kubernetes import NoJsonError

_AWAY = (ApiException, urllib3.exceptions.HTTPError, NoJsonError)
"""A kubelet that is being restarted does not answer: what it would have said is left out."""


@contextmanager
def watched(site: Site, seen: list[Reading], clock: Callable[[], float]) -> Iterator[None]:
    """Look at a stack's pods for the length of a block, without those that only answer probes, and add what is seen."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(pods.EVERY_SECONDS):
            with suppress(*_AWAY):
                seen.extend(_looked(site, clock()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _looked(site: Site, at: float) -> list[Reading]:
    roles = {name: pods.role(pod) for name, pod in pods.real(site).items()}
    lives = pods.now(site.core.api_client, site.namespace)
    return [Reading(at, roles[each.pod], each.started, each.use.memory) for each in lives if each.pod in roles]
