"""A backend's pod that has just gone: what it never saw another one takes, and what it was sent is not repeated."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import grpc
import httpx
import pytest

from sandbox.gateway.http_sink import http_sink
from sandbox.gateway.tempo import tempo
from sandbox.gateway.volumes import point
from sandbox.toolchain import Toolchain
from tests.sandbox.edge import Edge, open_edge, tenant
from tests.sandbox.gateway_clients import channel, export, http

METRICS_PORT, GRPC_PORT, OTLP_PORT, QUERY_PORT = 8080, 4317, 4318, 3200
ROUTES = [
    ("POST", "/v1/traces"),
    ("POST", "/v1/metrics"),
    ("POST", "/api/v1/push"),
    ("GET", "/prometheus/api/v1/query?query=up"),
    ("POST", "/prometheus/api/v1/query"),
    ("POST", "/prometheus/config/v1/rules/space"),
    ("DELETE", "/prometheus/config/v1/rules/space"),
    ("POST", "/alertmanager/api/v2/silences"),
    ("GET", "/tempo/api/search"),
]
CALLS = 10


@pytest.fixture
def edge(gateway_tools: Toolchain) -> Iterator[Edge]:
    everything = {"scopes": {"metrics": ["read", "write", "admin"]}}
    with open_edge(gateway_tools, [tenant("payments", access=everything)]) as opened:
        yield opened


def lead_to(edge: Edge, *addresses: str) -> None:
    """Before the first request: nginx keeps what it has resolved for ten seconds."""
    point(edge.names, edge.gateway.stack, traces=list(addresses), metrics=list(addresses))


def asked(client: httpx.Client, method: str, path: str) -> int:
    """On a connection of its own: where a backend fails, nginx may end one whose request it has not read to its end."""
    content = b"x" * 100 if method == "POST" else None
    return client.request(method, path, content=content, headers={"Connection": "close"}).status_code


def test_a_connection_that_cannot_be_opened_is_tried_at_another_pod_on_every_way(edge: Edge) -> None:
    live, dead = edge.network.address(), edge.network.address()
    with (
        tempo(live, edge.ledger),
        http_sink(live, (METRICS_PORT,), edge.ledger),
        http(edge.gateway, edge.token("payments")) as client,
        channel(edge.gateway) as opened,
    ):
        lead_to(edge, dead, live)
        before, logged = len(edge.ledger), len(edge.gateway.requests())
        for each in ROUTES:
            assert {asked(client, *each) for _ in range(CALLS)} == {200}, each
        assert {export(opened, edge.token("payments")) for _ in range(CALLS)} == {grpc.StatusCode.OK}
        assert len(edge.ledger) - before == CALLS * (len(ROUTES) + 1)  # each once
        tried = [line["upstream"] for line in edge.gateway.requests()[logged:] if dead in line["upstream"]]
        assert len(tried) > CALLS
        assert all(f", {live}:" in each for each in tried)


@contextmanager
def hanging_up(address: str, ports: tuple[int, ...], seen: list[int]) -> Iterator[None]:
    """Listen on ports, and go away as soon as something has come: what a pod does that is killed at work."""

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if connection.recv(65536):
                    seen.append(listener.getsockname()[1])

    with ExitStack() as opened:
        for port in ports:
            listener = opened.enter_context(socket.create_server((address, port)))
            threading.Thread(target=serve, args=(listener,), daemon=True).start()
            opened.callback(listener.shutdown, socket.SHUT_RDWR)
        yield


def test_what_was_sent_is_not_repeated(edge: Edge) -> None:
    """Whoever sent it is told, and decides."""
    first, second = edge.network.address(), edge.network.address()
    seen: list[int] = []
    ports = (METRICS_PORT, GRPC_PORT, OTLP_PORT, QUERY_PORT)
    with (
        hanging_up(first, ports, seen),
        hanging_up(second, ports, seen),
        http(edge.gateway, edge.token("payments")) as client,
        channel(edge.gateway) as opened,
    ):
        lead_to(edge, first, second)
        posts = [each for each in ROUTES if each[0] == "POST"]
        for each in posts:
            assert [asked(client, *each) for _ in range(CALLS)] == [502] * CALLS, each
        assert {export(opened, edge.token("payments")) for _ in range(CALLS)} == {grpc.StatusCode.UNAVAILABLE}
        assert len(seen) == CALLS * (len(posts) + 1)
