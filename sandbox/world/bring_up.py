"""Bringing services up, side by side where they do not need each other."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
from tenacity import RetryError, Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from sandbox.world.errors import ServiceError, WorldError
from sandbox.world.process import ProcessTable, Running, end
from sandbox.world.progress import Progress
from sandbox.world.service import Service
from telemetry.clients.processes import is_alive

POLL_SECONDS = 0.03
SURVIVOR_SECONDS = 3.0
"""How long a process that already runs may take to show that it serves; afterwards it is replaced."""


class _NotTriedError(WorldError):
    """A service was not started because one that it needs failed, or the user gave up."""


class BringUp:
    """One run over all services: use again what is well, replace or start the rest."""

    def __init__(
        self,
        services: Sequence[Service],
        running: Mapping[str, Running],
        table: ProcessTable,
        logs: Path,
        client: httpx.Client,
        progress: Progress,
    ) -> None:
        self._services = services
        self._running = running
        self._table = table
        self._logs = logs
        self._client = client
        self._progress = progress
        self._given_up = threading.Event()

    def run(self) -> None:
        """Return when all services are ready. Raises the ServiceError of the first that fails.

        The others are left as they are: the next start finds and uses them.
        """
        futures: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(len(self._services)) as pool:
            try:
                for service in self._services:  # in an order in which the needed ones come first
                    needed = [futures[name] for name in service.after]
                    futures[service.name] = pool.submit(self._bring_up, service, needed)
                failures = [future.exception() for future in futures.values()]
            except BaseException:  # Ctrl-C: do not wait out the time of what is being started
                self._given_up.set()
                raise
        for failure in sorted(filter(None, failures), key=lambda error: isinstance(error, _NotTriedError)):
            raise failure

    def _bring_up(self, service: Service, needed: Sequence[Future[None]]) -> None:
        if any(future.exception() for future in needed):
            raise _NotTriedError(f"{service.name}: not started, since what it needs failed")
        survivor = self._running.get(service.name)
        if survivor is None or not self._is_well(service, survivor):
            if survivor is not None:
                end([survivor.process])
            self._start(service)
        self._prepare(service)
        self._progress.ready(service.name)

    def _prepare(self, service: Service) -> None:
        try:
            if service.prepare is not None:
                service.prepare(self._client)
        except httpx.HTTPError as error:
            raise ServiceError(service.name, f"refuses its set-up: {error}", self._log(service)) from error

    def _is_well(self, service: Service, survivor: Running) -> bool:
        if survivor.fingerprint != service.launch.fingerprint():
            return False
        try:
            self._await(service, survivor.process, SURVIVOR_SECONDS)
        except ServiceError:
            return False
        return True

    def _start(self, service: Service) -> None:
        self._progress.starting(service.name)
        try:
            started = self._table.start(service.name, service.launch, self._log(service))
        except OSError as error:
            raise ServiceError(service.name, f"cannot be run: {error}", self._log(service)) from error
        self._await(service, started.process, service.seconds)

    def _await(self, service: Service, process: psutil.Process, seconds: float) -> None:
        attempts = Retrying(
            stop=stop_after_delay(seconds),
            wait=wait_fixed(POLL_SECONDS),
            retry=retry_if_result(lambda ready: not ready) | retry_if_exception_type((httpx.HTTPError, ValueError)),
        )
        try:
            attempts(self._is_ready, service, process)
        except RetryError as error:
            raise ServiceError(service.name, f"not ready after {seconds:g} s", self._log(service)) from error

    def _is_ready(self, service: Service, process: psutil.Process) -> bool:
        if self._given_up.is_set():
            raise _NotTriedError(f"{service.name}: given up")
        if not is_alive(process):
            raise ServiceError(service.name, "ended while it was being started", self._log(service))
        return service.ready(self._client)

    def _log(self, service: Service) -> Path:
        return self._logs / f"{service.name}.log"
