"""What one address, one tenant or one stranger can take of the gateway: nothing that others need."""

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from sandbox.toolchain import Toolchain
from telemetry.gateway import access
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.sandbox.gateway_clients import http, send_spans, trusting
from tests.waiting import until

FAST = {"requests_per_second": 100_000, "requests_burst": 100_000}
HALF = b"\x16\x03\x01"
"""What a TLS handshake begins with."""
MI = 2**20


@contextmanager
def half_sent(edge: Edge, source: str, count: int, port: int, text: bytes = HALF) -> Iterator[list[socket.socket]]:
    """Connections of an address that begin something and leave it at that."""
    with ExitStack() as opened:
        held = []
        for _ in range(count):
            each = opened.enter_context(
                socket.create_connection((edge.gateway.layout.address, port), source_address=(source, 0), timeout=60)
            )
            with contextlib.suppress(ConnectionError):
                each.sendall(text)
            held.append(each)
        time.sleep(0.5)
        yield held


def is_open(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def ready(edge: Edge, source: str) -> int:
    url = f"http://{edge.gateway.layout.address}:{edge.gateway.layout.health_port}/ready"
    way = httpx.HTTPTransport(local_address=source)
    with httpx.Client(transport=way, timeout=60) as client:
        return client.get(url).status_code


def served(edge: Edge, source: str, tenant_id: str = "payments") -> int:
    with http(edge.gateway, edge.token(tenant_id), source=source) as client:
        return send_spans(client).status_code


def test_connections_that_never_ask_anything_shut_out_nobody_else_and_no_probe(gateway_tools: Toolchain) -> None:
    limits = {"connections": 50, "unknown_per_second": 1_000}
    with open_edge(gateway_tools, [tenant("payments")], connections=120, address_limits=limits) as edge:
        other, kubelet, *strangers = (edge.network.address() for _ in range(5))
        layout, began = edge.gateway.layout, time.monotonic()
        with half_sent(edge, strangers[0], 200, layout.https_port) as held:
            until(lambda: sum(map(is_open, held)) == 50)
            assert (served(edge, other), ready(edge, kubelet)) == (200, 200)
            with (
                half_sent(edge, strangers[1], 60, layout.grpc_port),
                half_sent(edge, strangers[2], 60, layout.https_port),
                half_sent(edge, strangers[2], 200, layout.health_port, b"GET /rea") as probes,
            ):
                with pytest.raises(httpx.HTTPError):
                    served(edge, other)  # they are more than all connections now, and still
                until(lambda: sum(map(is_open, probes)) == 16)
                assert [ready(edge, kubelet) for _ in range(20)] == [200] * 20
            assert served(edge, other) == 200
            until(lambda: not any(map(is_open, held)))
            assert time.monotonic() - began < 60  # as long as nginx would wait if it were not told
        assert edge.gateway.process.poll() is None


def test_a_probe_is_answered_whatever_else_its_address_asks(gateway_tools: Toolchain) -> None:
    with open_edge(gateway_tools, [tenant("payments")], address_limits={"requests": 1}) as edge, ExitStack() as opened:
        node = edge.network.address()
        unfinished(edge, opened, edge.token("payments"), announced=1_000, sent=10, source=node)
        until(lambda: served(edge, node) == 429)
        assert ready(edge, node) == 200


def unfinished(edge: Edge, opened: ExitStack, token: str, *, announced: int, sent: int, source: str) -> socket.socket:
    """Begin a POST and send so much of it."""
    place = (edge.gateway.layout.address, edge.gateway.layout.https_port)
    plain = socket.create_connection(place, source_address=(source, 0), timeout=60)
    stream = opened.enter_context(trusting(edge.gateway).wrap_socket(plain, server_hostname=place[0]))
    head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {announced}\r\n\r\n"
    )
    stream.sendall(head.encode())
    with contextlib.suppress(OSError):  # it may have been refused already
        stream.sendall(bytes(sent))
    return stream


def answered(stream: socket.socket) -> int:
    """The status that came already; 0 for none."""
    stream.settimeout(0.02)
    try:
        return int(stream.recv(100).split()[1])
    except TimeoutError:
        return 0


def answers(streams: Sequence[socket.socket], refused: int) -> Counter[int]:
    """How many streams had which answer once so many were refused; 0 for those without one."""
    said = [0] * len(streams)

    def are_refused() -> bool:
        said[:] = [status or answered(each) for status, each in zip(said, streams, strict=True)]
        return said.count(429) >= refused

    until(are_refused)
    return Counter(said)


def workers(edge: Edge) -> list[psutil.Process]:
    family = psutil.Process(edge.gateway.process.pid).children(recursive=True)
    return [each for each in family if is_worker(each)]


def is_worker(process: psutil.Process) -> bool:
    """Whether it is one of nginx'; what the gateway's scripts start may have ended before it is looked at."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return "worker process" in " ".join(process.cmdline())
    return False


def memory(edge: Edge) -> int:
    return sum(each.memory_info().rss for each in workers(edge))


def written(edge: Edge) -> int:
    """Bytes on the scratch volume, of files without a name too."""
    folder = Path(edge.gateway.layout.scratch)
    open_files = {file for each in workers(edge) for file in Path(f"/proc/{each.pid}/fd").iterdir()}
    return sum(map(_size_of_body, open_files)) + sum(
        each.stat().st_size for each in folder.rglob("*") if each.is_file()
    )


def _size_of_body(file: Path) -> int:
    """Bytes of an open file of a worker's if it is a request's body; it may be closed by now."""
    try:
        return file.stat().st_size if "/client_body/" in str(file.readlink()) else 0
    except FileNotFoundError:
        return 0


def test_a_tenants_unfinished_requests_take_little_memory_and_no_more_disk_than_its_part(
    gateway_tools: Toolchain,
) -> None:
    tenants = [tenant("greedy", limits=FAST), tenant("payments")]
    with open_edge(gateway_tools, tenants) as edge, ExitStack() as opened:
        mine, other = edge.network.address(), edge.network.address()
        token = edge.token("greedy")
        assert served(edge, other) == 200
        before = memory(edge)
        streams = [unfinished(edge, opened, token, announced=16 * MI, sent=MI, source=mine) for _ in range(100)]
        until(lambda: written(edge) >= 14 * MI)
        assert answers(streams, refused=85) == {0: 15, 429: 85}  # a quarter of what 1Gi has room for
        assert written(edge) <= 16 * MI
        grown = memory(edge) - before
        assert grown < 30 * MI, grown / MI
        with http(edge.gateway, edge.token("payments"), source=other) as client:
            assert client.post("/v1/traces", content=bytes(2 * MI)).status_code == 200
        with http(edge.gateway, token, source=other) as client:
            assert send_spans(client).status_code == 200  # what is small needs no disk


def test_all_tenants_together_have_no_more_disk_than_there_is(gateway_tools: Toolchain) -> None:
    names = [f"t{number}" for number in range(6)]
    tenants = [tenant(each, limits=FAST | {"max_body": "1Mi"}) for each in names]
    with open_edge(gateway_tools, tenants, scratch="72Mi") as edge, ExitStack() as opened:  # room for 8
        source = edge.network.address()
        streams = [
            unfinished(edge, opened, edge.token(each), announced=MI, sent=MI - 1, source=source)
            for each in names
            for _ in range(3)
        ]
        until(lambda: written(edge) >= 7 * MI)
        assert answers(streams, refused=10) == {0: 8, 429: 10}
        assert written(edge) <= 9 * MI


def test_a_tenant_works_on_so_many_requests_at_a_time_over_whatever_protocol(gateway_tools: Toolchain) -> None:
    tenants = [tenant("greedy", limits=FAST | {"concurrent_requests": 20}), tenant("payments")]
    with open_edge(gateway_tools, tenants) as edge, ExitStack() as opened:
        addresses = [edge.network.address() for _ in range(3)]
        streams = [
            unfinished(edge, opened, edge.token("greedy"), announced=1_000, sent=10, source=each)
            for each in addresses
            for _ in range(10)
        ]
        assert answers(streams, refused=10) == {0: 20, 429: 10}
        assert served(edge, addresses[0], "greedy") == 429
        assert served(edge, addresses[0]) == 200


def test_guesses_wait_for_their_turn_and_a_right_one_is_not_told_from_a_wrong_one(gateway_tools: Toolchain) -> None:
    limits = {"requests": 20, "unknown_per_second": 4}  # a guesser on a busy machine is quicker than that
    with open_edge(gateway_tools, [tenant("payments", limits=FAST)], address_limits=limits) as edge:
        guesser, other = edge.network.address(), edge.network.address()
        began, over = time.monotonic(), threading.Event()
        answers: list[int] = []

        def guess(number: int) -> None:
            with http(edge.gateway, f"fake-guess-{number}", source=guesser) as client:
                while not over.is_set():
                    answers.append(client.get("/prometheus/api/v1/labels").status_code)

        with ThreadPoolExecutor(60) as pool:
            tried = [pool.submit(guess, number) for number in range(60)]
            try:
                until(lambda: 429 in answers)  # from here on all of the address's turns are taken
                right = Counter(served(edge, guesser) for _ in range(10))
                assert {served(edge, other) for _ in range(10)} == {200}
            finally:
                over.set()
            for each in tried:
                each.result()
        said = Counter(answers)
        assert said.keys() == {401, 429}
        # At once, four a second, and those that were waiting at the end.
        assert said[401] <= 4 + 20 + 4 * (time.monotonic() - began)
        assert right[429] >= 8


def test_who_gives_up_a_guess_does_not_get_its_turn_back(gateway_tools: Toolchain) -> None:
    limits = {"requests": 20, "unknown_per_second": 1}  # turns stay taken for 20 s, however busy the machine is
    with open_edge(gateway_tools, [tenant("payments", limits=FAST)], address_limits=limits) as edge:
        guesser, other = edge.network.address(), edge.network.address()
        with ExitStack() as opened:
            for number in range(40):
                unfinished(edge, opened, f"fake-{number}", announced=0, sent=0, source=guesser)
        assert served(edge, guesser) == 429
        assert served(edge, other) == 200
        until(lambda: served(edge, guesser) == 200)


def test_who_reads_all_tenants_has_a_rate(gateway_tools: Toolchain) -> None:
    slow = {"requests_per_second": 1, "requests_burst": 3}
    with open_edge(gateway_tools, [tenant("payments")], federation=slow) as edge:
        reader = access.of_federation(edge.gateway.stack, KEY)
        assert reader is not None
        with http(edge.gateway, reader.token) as client:
            began = time.monotonic()
            said = Counter(client.get("/prometheus/api/v1/labels").status_code for _ in range(20))
        assert said.keys() == {200, 429}
        assert 4 <= said[200] <= 5 + time.monotonic() - began
        assert served(edge, edge.network.address()) == 200
