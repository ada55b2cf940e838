"""A bounded load on the gateway: a few clients, of which each sends one request after the other, and counts."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

import httpx
from grpc import StatusCode

from sandbox.gateway.process import Gateway
from tests.sandbox.gateway_clients import channel, export, http, send_spans

Answer: TypeAlias = int | StatusCode
Client = TypeVar("Client")


def send_spans_again(client: httpx.Client) -> tuple[int, int]:
    """Send, and send again if the connection was closed before a byte of an answer (RFC 9112, 9.3.1).

    nginx before 1.27.4 closes idle connections at a reload, and HTTP/1.1 has no word for it: a request may be on its
    way just then. It has been read by nobody, which the tests see by what reaches backends. Returns the status, and 1
    if it was sent again.
    """
    try:
        return send_spans(client).status_code, 0
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        return send_spans(client).status_code, 1


class Load:
    """Clients that run until the load is ended. A request that gets no answer ends its client, and the test."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(16)
        self._stop = threading.Event()
        self._clients: list[Future[None]] = []
        self._answers: list[Counter[Answer]] = []
        self.resent = 0

    def http(self, gateway: Gateway, token: str, clients: int) -> None:
        """Start clients of OTLP over HTTP; they keep their connections."""
        for _ in range(clients):
            self._run(http(gateway, token), self._send_spans)

    def grpc(self, gateway: Gateway, token: str, clients: int) -> None:
        """Start clients of OTLP over gRPC, each with a connection of its own."""
        for _ in range(clients):
            self._run(channel(gateway), lambda opened: export(opened, token))

    def so_far(self) -> Counter[Answer]:
        """Return how often each answer was given."""
        return sum((each.copy() for each in self._answers), Counter())

    def end(self) -> Counter[Answer]:
        """Stop all clients; return how often each answer was given."""
        self._stop.set()
        for each in self._clients:
            each.result()
        return self.so_far()

    def _send_spans(self, client: httpx.Client) -> int:
        status, again = send_spans_again(client)
        self.resent += again
        return status

    def _run(self, opened: AbstractContextManager[Client], ask: Callable[[Client], Answer]) -> None:
        answers: Counter[Answer] = Counter()
        self._answers.append(answers)

        def run() -> None:
            with opened as client:
                while not self._stop.is_set():
                    answers[ask(client)] += 1

        self._clients.append(self._pool.submit(run))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._pool.shutdown()
