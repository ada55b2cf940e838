"""Who is let in: real nginx before real Mimir, each tenant with its kind of credential, writing and reading."""

from collections.abc import Iterator
from datetime import UTC, datetime

import grpc
import httpx
import pytest

from sandbox.toolchain import Toolchain
from telemetry.config.access import Pair
from telemetry.gateway import access, keys
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.sandbox.gateway_clients import (
    channel,
    export,
    http,
    query,
    remote_write,
    send_metric,
    send_spans,
    values,
)
from tests.waiting import moments, pass_by

ODD = "Odd.Team*_('x')!"
EXISTING_TOKEN = "fake.token-of/their+own~=="
TENANTS = [
    tenant("payments", access={"scopes": {"metrics": ["read", "write", "admin"]}}),
    tenant("Payments", display_name="Payments, by another's hand"),  # nginx's maps ignore case
    tenant("certified", access={"accepts": "certificate"}),
    tenant("either", access={"accepts": "either", "scopes": {"metrics": ["read", "write", "admin"]}}),
    tenant("both", access={"accepts": "both"}),
    tenant(ODD, access={"accepts": "either"}),
    tenant("existing", access={"token_secret": "their-own"}),
]
WAYS = [
    ("payments", "token"),
    ("Payments", "token"),
    ("certified", "certificate"),
    ("either", "token"),
    ("either", "certificate"),
    ("either", "both"),
    ("both", "both"),
    (ODD, "token"),
    (ODD, "certificate"),
    ("existing", "token"),
]


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    directory = tmp_path_factory.mktemp("mimir") / "data"
    with open_edge(gateway_tools, TENANTS, directory=directory, existing={"existing": EXISTING_TOKEN}) as opened:
        yield opened


def credentials(edge: Edge, tenant_id: str, way: str) -> tuple[str | None, Pair | None]:
    token = EXISTING_TOKEN if tenant_id == "existing" else None
    if way != "certificate":
        token = token or edge.token(tenant_id)
    return token, None if way == "token" else edge.pair(tenant_id)


def client_of(edge: Edge, tenant_id: str, way: str = "token", headers: dict[str, str] | None = None) -> httpx.Client:
    return http(edge.gateway, *credentials(edge, tenant_id, way), headers)


@pytest.mark.parametrize(("tenant_id", "way"), WAYS)
def test_the_right_credential_writes_and_reads_its_own_tenant(edge: Edge, tenant_id: str, way: str) -> None:
    value = float(WAYS.index((tenant_id, way)))
    with client_of(edge, tenant_id, way) as client:
        assert send_metric(client, "by_otlp", value).status_code == 200
        assert send_metric(client, "by_plain_otlp", value, "/v1/metrics").status_code == 200
        assert remote_write(client, {"by_remote_write": value}).status_code == 200
        assert values(client, '{__name__=~"by_.*"}') == {
            "by_otlp": value,
            "by_plain_otlp": value,
            "by_remote_write": value,
        }
        assert client.get("/prometheus/api/v1/labels").json()["data"] == ["__name__"]
        for path, labels in (("/prometheus/api/v1/label/__name__/values", 3), ("/prometheus/api/v1/series", 1)):
            found = client.get(path, params={"match[]": "by_otlp" if labels == 1 else '{__name__=~"by_.*"}'})
            assert len(found.json()["data"]) == labels
    assert edge.mimir is not None
    there = edge.mimir.client.get(
        "/prometheus/api/v1/query", params={"query": "by_otlp"}, headers={"X-Scope-OrgID": tenant_id}
    )
    assert [float(each["value"][1]) for each in there.json()["data"]["result"]] == [value]


@pytest.mark.parametrize(("tenant_id", "way"), WAYS)
def test_traces_arrive_under_the_tenant_over_both_protocols(edge: Edge, tenant_id: str, way: str) -> None:
    token, pair = credentials(edge, tenant_id, way)
    with http(edge.gateway, token, pair) as client, channel(edge.gateway, pair) as opened:
        assert send_spans(client).status_code == 200
        assert (edge.ledger.last().path, edge.ledger.last().tenants) == ("/v1/traces", (tenant_id,))
        assert export(opened, token) == grpc.StatusCode.OK
        assert (edge.ledger.last().protocol, edge.ledger.last().tenants) == ("gRPC", (tenant_id,))
        assert client.get("/tempo/api/search", params={"q": "{}"}).status_code == 200
        assert (edge.ledger.last().path, edge.ledger.last().tenants) == ("/api/search?q=%7B%7D", (tenant_id,))


def test_backends_see_the_tenant_and_nothing_of_the_credential(edge: Edge) -> None:
    with client_of(edge, "payments", headers={"Cookie": "fake=1"}) as client:
        send_spans(client)
    seen = edge.ledger.last()
    assert seen.tenants == ("payments",)
    assert not {"authorization", "cookie"} & set(seen.headers)
    with channel(edge.gateway) as opened:
        export(opened, edge.token("payments"))
    assert "authorization" not in edge.ledger.last().headers


def test_a_header_that_says_what_the_credential_says_is_taken(edge: Edge) -> None:
    with client_of(edge, "payments", headers={"X-Scope-OrgID": "payments"}) as client:
        assert send_spans(client).status_code == 200
        assert edge.ledger.last().tenants == ("payments",)
    with channel(edge.gateway) as opened:
        assert export(opened, edge.token("payments"), x_scope_orgid="payments") == grpc.StatusCode.OK
    assert edge.ledger.last().tenants == ("payments",)


def test_a_token_is_of_its_tenant_even_beside_a_certificate_that_it_does_not_need(edge: Edge) -> None:
    with http(edge.gateway, edge.token("payments"), edge.pair("either")) as client:
        before = edge.reached()
        assert send_spans(client).status_code == 403  # of two tenants
        assert edge.reached() == before


def test_federation_reads_all_tenants_and_writes_nothing(edge: Edge) -> None:
    federation = access.of_federation(edge.gateway.stack, KEY)
    assert federation is not None
    for tenant_id, value in (("payments", 1.0), ("either", 2.0)):
        with client_of(edge, tenant_id) as client:
            assert send_metric(client, "federated", value).status_code == 200
    with http(edge.gateway, federation.token) as client:
        found = {each["metric"]["__tenant_id__"]: float(each["value"][1]) for each in query(client, "federated")}
        assert found == {"payments": 1.0, "either": 2.0}
        assert client.get("/tempo/api/search").status_code == 200
        assert edge.ledger.last().tenants == ("|".join(each["id"] for each in TENANTS),)
        before = edge.reached()
        assert send_spans(client).status_code == 403
        assert send_metric(client, "federated", 3.0).status_code == 403
        assert remote_write(client, {"federated": 3.0}).status_code == 403
        assert client.post("/prometheus/config/v1/rules/x", content="name: x").status_code == 403
        assert client.get("/alertmanager/api/v2/alerts").status_code == 403
        with channel(edge.gateway) as opened:
            assert export(opened, federation.token) == grpc.StatusCode.PERMISSION_DENIED
        assert edge.reached() == before


def test_the_rules_and_alerts_of_a_tenant_are_its_own(edge: Edge) -> None:
    group = "name: fake\nrules:\n- record: fake_rule\n  expr: vector(1)\n"
    with client_of(edge, "payments") as mine, client_of(edge, "either") as other:
        assert mine.post("/prometheus/config/v1/rules/space", content=group).status_code == 202
        assert "fake_rule" in mine.get("/prometheus/config/v1/rules").text
        assert "fake_rule" not in other.get("/prometheus/config/v1/rules").text
        assert mine.get("/prometheus/api/v1/rules").status_code == 200
        assert mine.delete("/prometheus/config/v1/rules/space/fake").status_code == 202
        assert mine.get("/alertmanager/api/v2/status").status_code == 200


def test_a_previous_token_is_taken_until_its_moment_and_not_after(gateway_tools: Toolchain) -> None:
    for moment in moments():
        rotation = {"version": 2, "previous_until": moment.isoformat().replace("+00:00", "Z")}
        tenants = [tenant("rotated", access={"accepts": "either", "token": rotation, "certificate": rotation})]
        with open_edge(gateway_tools, tenants) as edge:
            issuer = access.own_authority(edge.gateway.stack, KEY)
            old, new = keys.token(KEY, "dev", "rotated", 1), edge.token("rotated")
            assert old != new
            clients = [
                http(edge.gateway, old),
                http(edge.gateway, pair=issuer.client("rotated", 1)),
                http(edge.gateway, new),
                http(edge.gateway, pair=edge.pair("rotated")),
            ]
            said = [send_spans(client).status_code for client in clients]
            if datetime.now(UTC) >= moment:
                continue
            assert said == [200, 200, 200, 200]
            pass_by(moment)
            before = edge.reached()
            assert [send_spans(client).status_code for client in clients] == [401, 401, 200, 200]
            assert edge.reached() == before + 2
            break
