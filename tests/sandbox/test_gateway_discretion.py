"""What the gateway tells: to backends what they need of a request, to its logs what operators need, and no more."""

import json
import socket
import ssl
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sandbox.gateway.volumes import point
from sandbox.toolchain import Toolchain
from telemetry.gateway import access
from telemetry.gateway.nginx import PASSED_ON
from tests.sandbox.edge import KEY, Edge, open_edge, stack, tenant
from tests.sandbox.gateway_clients import channel, export, http, send_spans, trusting

TENANTS = [tenant("payments", access={"accepts": "either"}), tenant("orders", access={"accepts": "either"})]
NGINX_KNOWS = hashes.SHA1()  # noqa: S303 - it tells certificates apart, and no other is known to nginx
NGINX_OWN = {"host", "connection", "content-length", "x-scope-orgid", "x-forwarded-for", "x-forwarded-proto"}
STEERING = {
    "Cache-Control": "no-store",
    "X-Read-Consistency": "strong",
    "X-Loki-Disable-Pipeline-Wrappers": "true",
    "Jaeger-Debug-Id": "fake",
    "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "X-Forwarded-For": "10.9.8.7",
    "Cookie": "fake=1",
    "Referer": "https://fake.example/?token=fake-in-referer",
}


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain) -> Iterator[Edge]:
    with open_edge(gateway_tools, TENANTS) as opened:
        yield opened


def test_of_what_a_client_says_only_what_is_listed_reaches_a_backend(edge: Edge) -> None:
    source = edge.network.address()
    wanted = {"Content-Encoding": "identity", "X-Loki-Response-Encoding-Flags": "categorize-labels"}
    with http(edge.gateway, edge.token("payments"), headers=STEERING | wanted, source=source) as client:
        assert send_spans(client).status_code == 200
        seen = edge.ledger.last().headers
        assert set(seen) - NGINX_OWN <= {each.lower() for each in PASSED_ON}
        assert seen["content-type"] == "application/x-protobuf"
        assert {name: seen[name.lower()] for name in wanted} == wanted
        assert seen["x-forwarded-for"] == source
    with channel(edge.gateway) as opened:
        steering = {name.lower().replace("-", "_"): value for name, value in STEERING.items()}
        export(opened, edge.token("payments"), **{name: steering[name] for name in ("jaeger_debug_id", "traceparent")})
        assert not {"jaeger-debug-id", "traceparent", "authorization"} & set(edge.ledger.last().headers)


def ask(edge: Edge, head: bytes) -> bytes:
    """Send a request as it stands."""
    place = (edge.gateway.layout.address, edge.gateway.layout.https_port)
    with (
        socket.create_connection(place, timeout=60) as plain,
        trusting(edge.gateway).wrap_socket(plain, server_hostname=place[0]) as stream,
    ):
        stream.sendall(head + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        return stream.recv(65536)


def test_logs_have_no_query_and_no_referer_and_are_short_and_valid(edge: Edge) -> None:
    point(edge.names, edge.gateway.stack, traces=[edge.network.address()], metrics=[edge.network.address()])
    token = f"Authorization: Bearer {edge.token('orders')}".encode()
    secrets = [b"fake-in-query", b"fake-in-referer", edge.token("orders").encode()]
    requests = [
        b"GET /tempo/api/search?q=fake-in-query HTTP/1.1",
        b'GET /tempo/api/search?q="fake-in-query", client: HTTP/1.1',
        b"GET /tempo/api/traces/" + b"a" * 14_000 + b"?q=fake-in-query HTTP/1.1",
        b"GET /\xff\xfe\xc3?q=fake-in-query HTTP/1.1",
        b"A" * 9_000 + b" /tempo/api/search?q=fake-in-query HTTP/1.1",
        b"GET /tempo/api/search?q=fake-in-query HTTP/1.1\r\nUser-Agent: \xff\xfe" + b"u" * 14_000,
    ]
    for each in requests:
        for own in (token, b"Authorization: Bearer fake"):
            ask(edge, each + b"\r\nReferer: https://x/?token=fake-in-referer\r\n" + own)
    with http(edge.gateway, edge.token("orders")) as client:
        for _ in range(50):  # until nginx asks the names again, the backend is still there
            if client.get("/tempo/api/search", params={"q": "fake-in-query"}).status_code == 502:
                break
            client.post("/v1/traces", content=b"x", headers={"User-Agent": "slow/0.3"})
        else:
            pytest.fail("the backend did not go")
    access_log, error_log = (log.read_bytes() for log in edge.gateway.logs)
    assert [each for each in secrets if each in access_log + error_log] == []
    lines = access_log.decode().splitlines()
    assert len(lines) >= 2 * len(requests)
    assert max(map(len, lines)) < 1_500
    assert all(isinstance(json.loads(line)["status"], int) for line in lines)
    failed = [line for line in error_log.decode("ascii").splitlines() if "connect() failed" in line]
    assert failed
    assert all(', request: "GET /tempo/api/search"' in line and "client: " in line for line in failed)
    assert max(len(line) for line in error_log.splitlines()) <= 600


def test_a_certificate_that_was_stolen_is_revoked_alone(gateway_tools: Toolchain) -> None:
    made = access.of_tenants(stack("127.0.0.1", TENANTS), KEY)["payments"].pair
    assert made is not None
    stolen = x509.load_pem_x509_certificate(made.certificate.encode()).fingerprint(NGINX_KNOWS).hex(":").upper()
    with open_edge(gateway_tools, TENANTS, revoked_certificates=[stolen]) as edge:
        assert edge.pair("payments") == made
        for pair, token, expected in (
            (made, None, 401),
            (made, "payments", 200),  # by the token
            (edge.pair("orders"), None, 200),
            (None, "payments", 200),
        ):
            with http(edge.gateway, token and edge.token(token), pair) as client:
                assert send_spans(client).status_code == expected


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
GOAWAY = 7


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame of HTTP/2 (RFC 9113, 4.1)."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def test_streams_that_are_reset_at_once_end_their_connection(edge: Edge) -> None:
    """A rapid reset (CVE-2023-44487): no more than so many on one connection, and each counts."""
    context = trusting(edge.gateway)
    context.set_alpn_protocols(["h2"])
    place = (edge.gateway.layout.address, edge.gateway.layout.https_port)
    # GET https /, :authority x: the first three are in HPACK's static table.
    head = b"\x82\x87\x84\x41\x01x"
    before = len(edge.gateway.requests())
    with (
        socket.create_connection(place, timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=place[0]) as stream,
    ):
        stream.sendall(PREFACE)
        try:
            for number in range(1, 10_000, 2):
                stream.sendall(frame(1, 5, number, head) + frame(3, 0, number, (8).to_bytes(4)))
            while stream.recv(65536):
                pass
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass
    assert len(edge.gateway.requests()) - before <= 1_000
    with http(edge.gateway, edge.token("payments")) as client:
        assert client.get("/nothing").status_code == 404
