"""Who reads with a token of an OpenID provider: the real nginx asks the real oauth2-proxy, by TLS."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest

from sandbox.gateway import oidc
from sandbox.gateway.pair import written
from sandbox.toolchain import Toolchain
from telemetry.gateway import access
from tests.sandbox.edge import KEY, Edge, open_edge, stack, tenant
from tests.sandbox.gateway_clients import channel, export, http, send_spans, trusting
from tests.waiting import until

HOST = "oauth2-proxy.auth.svc"
QUERY = "/prometheus/api/v1/query"
TENANTS = [
    tenant("payments", access={"oidc": {"groups": ["team payments"]}}, limits={"max_body": "64Ki"}),
    tenant("orders", access={"oidc": {"groups": ["sre"], "users": ["alice"]}}),
    tenant("both", access={"accepts": "both", "oidc": {"groups": ["sre"]}}),
    tenant("search"),
]


@dataclass(frozen=True)
class World:
    """A gateway, and who says whose a token is."""

    edge: Edge
    provider: oidc.Provider

    def asks(
        self,
        token: str | None,
        tenant_id: str | None,
        path: str = QUERY,
        method: str = "GET",
        source: str | None = None,
    ) -> httpx.Response:
        headers = {} if tenant_id is None else {"X-Scope-OrgID": tenant_id}
        with http(self.edge.gateway, token, headers=headers, source=source) as client:
            body = {"query": "up"} if method == "POST" else None
            return client.request(method, path, params={"query": "a b"}, data=body)


@pytest.fixture(scope="module")
def world(gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    gateway_tools.ensure(["oauth2-proxy"])
    directory = tmp_path_factory.mktemp("oauth2-proxy")
    issuer = access.own_authority(stack("127.0.0.1", [tenant("any")]), KEY)
    with open_edge(gateway_tools, TENANTS, oidc=settings(issuer.certificate)) as edge:
        address = edge.network.address()
        edge.names.set(f"{HOST}.cluster.local", [address])
        shows = written(issuer.server([HOST, address]), directory)
        with (
            oidc.provider(edge.network.address()) as provider,
            httpx.Client(verify=trusting(edge.gateway), trust_env=False) as client,
            oidc.oauth2_proxy(
                gateway_tools.path("oauth2-proxy"), address, provider.issuer, shows, client, directory / "log"
            ),
        ):
            yield World(edge, provider)


@pytest.fixture(scope="module")
def edge(world: World) -> Edge:
    return world.edge


def settings(authority: str) -> dict[str, str]:
    return {"url": f"https://{HOST}:{oidc.PORT}/oauth2/auth", "authority": authority}


def test_groups_and_users_read_the_tenants_that_name_them(world: World) -> None:
    tokens = {
        "payer": world.provider.token("bob", "x", "team payments", "y"),
        "alice": world.provider.token("alice"),
        "sre": world.provider.token("carol", "sre"),
    }
    let_in = {
        (who, each["id"])
        for who, token in tokens.items()
        for each in TENANTS
        if world.asks(token, each["id"]).status_code == 200
    }
    assert let_in == {("payer", "payments"), ("alice", "orders"), ("sre", "orders"), ("sre", "both")}
    for asked in (None, "search", "orders|both"):
        assert world.asks(tokens["sre"], asked).status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_arrives_whole_and_is_logged_once_as_the_clients(world: World, method: str) -> None:
    gateway, token, source = world.edge.gateway, world.provider.token("alice"), world.edge.network.address()
    path = f"/prometheus/api/v1/label/{method}%2Fb/values"
    for _ in range(3):  # what the last one leaves behind may come late, but not what the first one does
        answer = world.asks(token, "orders", path, method, source)
        assert answer.json() == {"tenants": ["orders"], "path": f"{path}?query=a+b"}
    seen = world.edge.ledger.last()
    assert seen.headers["x-forwarded-for"] == source
    assert not {"authorization", "cookie", "x-identity-user", "x-identity-groups", "x-client"} & seen.headers.keys()

    def logged() -> list[list[Any]]:
        keys = ("tenant", "credential", "status", "client")
        return [[each[key] for key in keys] for each in gateway.requests() if each["path"] == path]

    until(lambda: len(logged()) >= 3)
    assert logged() == [["orders", "oidc", 200, source]] * 3


@pytest.mark.usefixtures("unreached")
def test_nothing_but_reading_is_asked_about(world: World) -> None:
    token = world.provider.token("alice", "sre")
    for path, method in (("/v1/traces", "POST"), ("/prometheus/config/v1/rules", "GET"), ("/flush", "POST")):
        assert world.asks(token, "orders", path, method).status_code == 401
    with http(world.edge.gateway, token) as client:
        assert send_spans(client).status_code == 401
    with channel(world.edge.gateway) as opened:
        assert export(opened, token) == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.usefixtures("unreached")
def test_what_the_provider_did_not_sign_for_us_now_lets_nobody_in(world: World) -> None:
    good = world.provider.token("alice", "sre")
    with oidc.provider(world.edge.network.address()) as other:
        wrong = [
            other.token("alice", "sre"),
            other.token("alice", "sre", iss=world.provider.issuer),
            world.provider.token("alice", "sre", aud="others"),
            world.provider.token("alice", "sre", exp=1_700_000_000),
            good[:-8] + "AAAAAAAA",
            good.rpartition(".")[0] + ".",
        ]
    for token in wrong:
        for method in ("GET", "POST"):
            answer = world.asks(token, "orders", method=method)
            assert (answer.status_code, answer.json()) == (401, {"error": "unauthenticated"})
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.usefixtures("unreached")
def test_nginxs_own_question_is_a_path_that_nobody_is_offered(world: World) -> None:
    with http(world.edge.gateway, world.edge.token("orders")) as client:
        assert client.get("/authority").status_code == 404


@pytest.mark.usefixtures("unreached")
def test_headers_that_a_client_sends_say_nothing(world: World) -> None:
    claimed = {"X-Identity-User": "alice", "X-Identity-Groups": "sre", "X-Auth-Request-Groups": "sre"}
    for token, expected in ((world.provider.token("mallory"), 403), (None, 401)):
        with http(world.edge.gateway, token, headers={**claimed, "X-Scope-OrgID": "orders"}) as client:
            assert client.get(QUERY).status_code == expected
            assert client.get("/identify").status_code == 401
            assert client.get("/authority").status_code == 401


def test_without_an_answer_tenants_own_tokens_do_and_others_are_told_so(gateway_tools: Toolchain) -> None:
    plain = {"url": f"http://{HOST}:{oidc.PORT}/oauth2/auth"}
    with open_edge(gateway_tools, TENANTS, oidc=plain) as edge, oidc.provider(edge.network.address()) as provider:
        edge.names.set(f"{HOST}.cluster.local", [edge.network.address()])
        world = World(edge, provider)
        assert world.asks(provider.token("alice"), "orders").status_code == 503
        assert world.asks(edge.token("orders"), None).status_code == 200
