"""Who and what is refused: with the right status, before anything reaches a backend, and without a word of secrets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import grpc
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.toolchain import Toolchain
from telemetry.config.access import Pair
from telemetry.config.gateway import Issued
from telemetry.gateway import access, keys
from telemetry.gateway.certificates import Authority
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.sandbox.gateway_clients import call, channel, export, http, raw, remote_write, send_metric, send_spans

TENANTS = [
    tenant("payments"),
    tenant("orders"),
    tenant("certified", access={"accepts": "certificate"}),
    tenant("either", access={"accepts": "either"}),
    tenant("both", access={"accepts": "both"}),
    tenant("existing", access={"token_secret": "their-own"}),
    tenant("absent", access={"token_secret": "not-there-yet"}),
]
EXISTING_TOKEN = "fake.token-of/their+own~=="
STRANGE = "tlm_fakefakefakefakefakefakefakefakefakefakefak"


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    directory = tmp_path_factory.mktemp("mimir") / "data"
    with open_edge(gateway_tools, TENANTS, directory=directory, existing={"existing": EXISTING_TOKEN}) as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def statuses(client: httpx.Client) -> set[int]:
    """What a client gets on each kind of path."""
    answers = [
        send_spans(client),
        send_metric(client, "refused", 1.0),
        remote_write(client, {"refused": 1.0}),
        client.get("/prometheus/api/v1/query", params={"query": "refused"}),
        client.get("/prometheus/config/v1/rules"),
        client.get("/alertmanager/api/v2/alerts"),
        client.get("/tempo/api/search"),
    ]
    return {answer.status_code for answer in answers}


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(STRANGE),
        {"Authorization": "Bearer"},
        bearer("*"),
        bearer("payments"),
        {"Authorization": "Basic ZmFrZTpmYWtl"},
        {"X-Scope-OrgID": "payments"},
        {"X-Scope-OrgID": "payments"} | bearer(STRANGE),
    ],
    ids=["none", "unknown", "empty", "star", "id", "basic", "header alone", "header beside an unknown one"],
)
def test_without_a_token_that_counts_there_is_nothing(edge: Edge, headers: dict[str, str]) -> None:
    with http(edge.gateway, headers=headers) as client:
        assert statuses(client) == {401}
        assert send_spans(client).headers["WWW-Authenticate"] == "Bearer"
    with channel(edge.gateway) as opened:
        metadata = {name.lower().replace("-", "_"): value for name, value in headers.items()}
        assert export(opened, **metadata) == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize("change", ["swapcase", "one more", "one less", "padded"])
def test_a_token_that_is_almost_right_is_wrong(edge: Edge, change: str) -> None:
    right = edge.token("payments")
    wrong = {"swapcase": right.swapcase(), "one more": right + "x", "one less": right[:-1], "padded": right + "="}
    with http(edge.gateway, wrong[change]) as client:
        assert statuses(client) == {401}


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(
    "claimed", ["orders", "PAYMENTS", "payments|orders", "payments,orders", "pay", "paymentss", "*"]
)
def test_a_forged_header_is_refused(edge: Edge, claimed: str) -> None:
    with http(edge.gateway, edge.token("payments"), headers={"X-Scope-OrgID": claimed}) as client:
        assert statuses(client) == {403}
    with channel(edge.gateway) as opened:
        refused = export(opened, edge.token("payments"), x_scope_orgid=claimed)
        assert refused == grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("claims", [("payments", "orders"), ("orders", "payments"), ("payments", "payments")])
def test_of_two_headers_none_is_passed_on(edge: Edge, claims: tuple[str, str]) -> None:
    """nginx before 1.23 knows the first one only; the backend gets neither."""
    before = edge.reached()
    headers = [f"Authorization: Bearer {edge.token('payments')}", *(f"X-Scope-OrgID: {each}" for each in claims)]
    status = raw(edge.gateway, "\n".join(["GET /tempo/api/search HTTP/1.1", *headers]))
    if status == 200:
        assert claims[0] == "payments"
        assert edge.ledger.last().tenants == ("payments",)
    else:
        assert (status, edge.reached()) == (403, before)
    with channel(edge.gateway) as opened:
        metadata = [
            ("authorization", f"Bearer {edge.token('payments')}"),
            *(("x-scope-orgid", each) for each in claims),
        ]
        if call(opened, metadata) == grpc.StatusCode.OK:
            assert claims[0] == "payments"
            assert edge.ledger.last().tenants == ("payments",)


@pytest.mark.usefixtures("unreached")
def test_two_tokens_are_refused(edge: Edge) -> None:
    tokens = [f"Authorization: Bearer {edge.token(each)}" for each in ("payments", "orders")]
    assert raw(edge.gateway, "\n".join(["GET /prometheus/api/v1/labels HTTP/1.1", *tokens])) in (400, 401)


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize("port", ["https_port", "grpc_port"])
def test_plain_http_is_refused_where_tls_is_spoken(edge: Edge, port: str) -> None:
    head = f"GET /prometheus/api/v1/labels HTTP/1.1\nAuthorization: Bearer {edge.token('payments')}"
    number = getattr(edge.gateway.layout, port)
    assert raw(edge.gateway, head, tls=False, port=number) in (0, 400, 403)


@pytest.mark.usefixtures("unreached")
def test_the_health_port_offers_health_alone(edge: Edge) -> None:
    place = f"http://{edge.gateway.layout.address}:{edge.gateway.layout.health_port}"
    with httpx.Client(base_url=place, headers=bearer(edge.token("payments")), trust_env=False) as client:
        assert client.get("/ready").status_code == 200
        assert statuses(client) == {404}


def self_signed() -> Pair:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "certified")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
    certificate = builder.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(certificate.public_bytes(serialization.Encoding.PEM).decode(), pem.decode())


def untrusted(edge: Edge) -> dict[str, Pair]:
    """Certificates that prove nothing; all but the self-signed one name the tenant `certified` as its own does."""
    stack = edge.gateway.stack
    assert stack.gateway is not None
    issued = stack.gateway.issued
    long_ago = Issued.model_validate({"issued_on": "2020-01-01", "valid_for": "1d"})
    expired = Authority.of(KEY, stack.environment, long_ago)
    ours = access.own_authority(stack, KEY)
    return {
        "another key's authority": Authority.of(KEY[::-1], stack.environment, issued).client("certified", 1),
        "another environment's authority": Authority.of(KEY, "prod", issued).client("certified", 1),
        "expired": expired.client("certified", 1),
        "self-signed": self_signed(),
        "a server's": ours.server(["certified"]),
    }


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(
    "which", ["another key's authority", "another environment's authority", "expired", "self-signed", "a server's"]
)
@pytest.mark.parametrize("token", [None, "payments", "either"])
def test_a_client_certificate_that_is_not_trusted_is_refused(edge: Edge, which: str, token: str | None) -> None:
    pair, text = untrusted(edge)[which], token and edge.token(token)
    with http(edge.gateway, text, pair) as client:
        assert statuses(client) == {403}
    with channel(edge.gateway, pair) as opened:
        assert export(opened, text) == grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.usefixtures("unreached")
def test_a_certificate_that_is_trusted_but_nobodys_is_refused(edge: Edge) -> None:
    ours = access.own_authority(edge.gateway.stack, KEY)
    for pair in (ours.client("nobody", 1), ours.client("certified", 2), ours.client("payments", 1)):
        with http(edge.gateway, pair=pair) as client:
            assert statuses(client) == {401}


@pytest.mark.usefixtures("unreached")
@pytest.mark.parametrize(
    ("token", "certificate", "status"),
    [
        ("payments", "certified", 403),
        ("payments", "either", 403),
        ("either", "certified", 403),
        ("both", "either", 403),
        ("either", "both", 403),
        ("both", None, 403),
        (None, "both", 401),
    ],
)
def test_credentials_that_do_not_do_together_are_refused(
    edge: Edge, token: str | None, certificate: str | None, status: int
) -> None:
    pair = certificate and edge.pair(certificate)
    with http(edge.gateway, token and edge.token(token), pair or None) as client:
        assert statuses(client) == {status}
    code = {401: grpc.StatusCode.UNAUTHENTICATED, 403: grpc.StatusCode.PERMISSION_DENIED}[status]
    with channel(edge.gateway, pair or None) as opened:
        assert export(opened, token and edge.token(token)) == code


@pytest.mark.usefixtures("unreached")
def test_a_tenant_whose_secret_is_not_there_is_not_let_in(edge: Edge) -> None:
    for guess in ("not-there-yet", "absent", EXISTING_TOKEN[:-1], keys.token(KEY, "dev", "absent", 1)):
        with http(edge.gateway, guess) as client:
            assert statuses(client) == {401}
