"""What is not offered is not reached, however its path is written; limits hold tenant by tenant; what is logged."""

import time
from collections.abc import Iterator
from pathlib import Path

import cramjam
import grpc
import pytest

from sandbox.gateway.grpc_sink import EXPORT
from sandbox.toolchain import Toolchain
from telemetry.gateway import access
from telemetry.spec.routes import Route
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.sandbox.gateway_clients import channel, export, http, query, raw, send_metric, send_spans
from tests.support import ROUTES

TENANTS = [
    tenant("payments", access={"accepts": "either"}),
    tenant("slow", limits={"requests_per_second": 1, "requests_burst": 3}),
    tenant("small", limits={"max_body": "1Ki"}),
]


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with open_edge(gateway_tools, TENANTS, directory=tmp_path_factory.mktemp("mimir") / "data") as opened:
        yield opened


PATHS = (Path(__file__).parent / "fixtures" / "unoffered_paths.txt").read_text().splitlines()


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_no_path_leads_to_what_is_not_offered(edge: Edge, method: str) -> None:
    """Also with a token that counts; none of it reaches a backend."""
    head = f"Authorization: Bearer {edge.token('payments')}\nContent-Length: 0"
    answers = {path: raw(edge.gateway, f"{method} {path} HTTP/1.1\n{head}") for path in PATHS}
    assert {path: status for path, status in answers.items() if status not in (400, 403, 404, 405)} == {}


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(
    "method",
    [
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Other",
        "/tempopb.Pusher/PushBytesV2",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/flush",
    ],
)
def test_other_methods_of_grpc_are_unimplemented(edge: Edge, method: str) -> None:
    with channel(edge.gateway) as opened:
        assert export(opened, edge.token("payments"), method) == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/traces"),
        ("PUT", "/api/v1/push"),
        ("DELETE", "/prometheus/api/v1/series"),
        ("POST", "/tempo/api/search"),
        ("TRACE", "/prometheus/api/v1/labels"),
        ("CONNECT", "/prometheus/api/v1/labels"),
    ],
)
def test_other_methods_of_http_are_refused(edge: Edge, method: str, path: str) -> None:
    head = f"{method} {path} HTTP/1.1\nAuthorization: Bearer {edge.token('payments')}\nContent-Length: 0"
    assert raw(edge.gateway, head) in (400, 405)


@pytest.mark.usefixtures("unreached")
def test_each_port_offers_what_it_is_for(edge: Edge) -> None:
    head = f"Authorization: Bearer {edge.token('payments')}\nContent-Length: 0"
    port = edge.gateway.layout.grpc_port
    for path in ("/v1/traces", "/api/v1/push", "/prometheus/api/v1/labels", "/tempo/api/search", *PATHS):
        assert raw(edge.gateway, f"POST {path} HTTP/1.1\n{head}", port=port) in (400, 404)
    assert raw(edge.gateway, f"POST {EXPORT} HTTP/1.1\n{head}") == 404


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 5\nTransfer-Encoding: chunked",
        "Content-Length: 5\nContent-Length: 50",
        "Transfer-Encoding: chunked\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Content-Length: -1",
        "Content-Length: 0x5",
        "Content-Length : 5",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(edge: Edge, framing: str) -> None:
    """What nginx and a backend might take for one request and for two."""
    head = f"POST /v1/traces HTTP/1.1\nAuthorization: Bearer {edge.token('payments')}\n{framing}"
    assert raw(edge.gateway, head) in (400, 501)


MIMIR_READS = [route for route in ROUTES if route.access == "read" and route.upstream.startswith("metrics_")]
ASKED = {
    "query": "up",
    "start": "0",
    "end": "60",
    "step": "15",
    "match[]": "up",
    "selector": "up",
    "label_names[]": "job",
}


@pytest.mark.parametrize("route", MIMIR_READS, ids=lambda route: route.path)
def test_what_is_offered_of_mimir_it_answers(edge: Edge, route: Route) -> None:
    """On the limits that the program renders; a remote read is a POST, here of no queries."""
    path = route.path + ("job/values" if route.rest else "")
    nothing = bytes(cramjam.snappy.compress_raw(b""))
    with http(edge.gateway, edge.token("payments")) as client:
        remote = path.endswith("/read")
        answer = client.post(path, content=nothing) if remote else client.get(path, params=ASKED)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "name", ["Connection: X-Scope-OrgID", "Connection: close, X-Scope-OrgID\nX-Scope-OrgID: payments"]
)
def test_no_header_takes_the_tenant_away(edge: Edge, name: str) -> None:
    """Connection names headers that a proxy is to remove; ours is not one of them."""
    before = edge.reached()
    head = f"GET /tempo/api/search HTTP/1.1\nAuthorization: Bearer {edge.token('payments')}\n{name}"
    assert raw(edge.gateway, head) == 200
    assert edge.reached() == before + 1
    assert edge.ledger.last().tenants == ("payments",)


def test_a_tenant_over_its_rate_is_told_so_while_others_are_served(edge: Edge) -> None:
    with http(edge.gateway, edge.token("slow")) as slow, http(edge.gateway, edge.token("payments")) as other:
        before, began = edge.reached(), time.monotonic()
        mine, theirs = zip(*((send_spans(slow), send_spans(other).status_code) for _ in range(30)), strict=True)
        served = [each for each in mine if each.status_code == 200]
        limited = [each for each in mine if each.status_code == 429]
        assert set(theirs) == {200}
        assert 4 <= len(served) <= 5 + time.monotonic() - began  # the burst and one, and one a second
        assert len(served) + len(limited) == 30
        assert edge.reached() == before + 30 + len(served)
        assert all(int(each.headers["Retry-After"]) >= 1 for each in limited)
        assert limited
    with channel(edge.gateway) as opened:
        # Several, as opening the channel may have taken long enough for one to be let in.
        said = {export(opened, edge.token("slow")) for _ in range(30)}
        refused = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert said & refused
        assert said <= refused | {grpc.StatusCode.OK}


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(("tenant_id", "size"), [("small", 1025), ("payments", 16 * 2**20 + 1)])
def test_a_body_over_the_limit_is_refused(edge: Edge, tenant_id: str, size: int) -> None:
    with http(edge.gateway, edge.token(tenant_id)) as client:
        assert client.post("/v1/traces", content=bytes(size)).status_code == 413
        head = f"POST /v1/traces HTTP/1.1\nAuthorization: Bearer {edge.token(tenant_id)}\nContent-Length: {size}"
        assert raw(edge.gateway, head) == 413  # before any of it is sent


@pytest.mark.usefixtures("unreached")
def test_a_body_of_unknown_length_has_the_largest_tenants_limit(edge: Edge) -> None:
    """In chunks, as no client of Prometheus or OTLP sends; nginx cannot look up a tenant's limit while it reads."""
    with http(edge.gateway, edge.token("small")) as client:
        assert client.post("/v1/traces", content=(bytes(2**20) for _ in range(17))).status_code == 413


def test_the_access_log_tells_who_did_what_and_no_secret(edge: Edge) -> None:
    federation = access.of_federation(edge.gateway.stack, KEY)
    assert federation is not None
    with (
        http(edge.gateway, edge.token("payments"), headers={"User-Agent": 'fake "agent"'}) as client,
        http(edge.gateway, pair=edge.pair("payments")) as certified,
        http(edge.gateway, "fake-and-unknown") as stranger,
        http(edge.gateway, federation.token) as reader,
        channel(edge.gateway) as opened,
    ):
        begun = len(edge.gateway.requests())
        send_metric(client, "logged", 1.0)
        query(certified, "logged{fake='in-the-query'}")
        send_spans(stranger)
        query(reader, "logged")
        export(opened, edge.token("payments"))
        client.get("/flush")
        lines = edge.gateway.requests()[begun:]
    shown = [(line["tenant"], line["credential"], line["method"], line["path"], line["status"]) for line in lines]
    assert shown == [
        ("payments", "token", "POST", "/otlp/v1/metrics", 200),
        ("payments", "certificate", "GET", "/prometheus/api/v1/query", 200),
        ("", "unknown", "POST", "/v1/traces", 401),
        ("*", "token", "GET", "/prometheus/api/v1/query", 200),
        ("payments", "token", "POST", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", 200),
        ("payments", "token", "GET", "/flush", 404),
    ]
    assert lines[0]["user_agent"] == 'fake "agent"'
    assert all(
        {"time", "seconds", "request_bytes", "response_bytes", "upstream", "upstream_seconds"} <= set(each)
        for each in lines
    )


def test_no_secret_of_the_run_is_in_any_log(edge: Edge) -> None:
    """Last in its file: all that the tests above have done is in the logs."""
    with http(edge.gateway, edge.token("slow")) as client:
        client.get("/prometheus/api/v1/query", params={"query": edge.token("slow")})
    given = access.of_tenants(edge.gateway.stack, KEY)
    tokens = [each.token for each in given.values() if each.token is not None]
    keys = [line for each in given.values() if each.pair for line in each.pair.key.splitlines()[1:-1]]
    logs = edge.gateway.said()
    assert len(logs) > 10_000
    assert [each for each in (*tokens, *keys, KEY, "fake-and-unknown", "in-the-query", "Bearer") if each in logs] == []
