"""Issued certificates: the same in every run, what OpenSSL and nginx take for what they are meant, and no more."""

import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from telemetry.config.access import Pair
from telemetry.config.credentials import PreviousKey
from telemetry.config.gateway import Issued
from telemetry.gateway import access
from telemetry.gateway.certificates import Authority, ends, expiry_warning, refusal, subject
from tests.support import load_stack, put

KEY = "fake-Hq3vXn8LmZ5cTb2RyW7dKf-fake-key"
ISSUED = Issued()
OURS = Authority.of(KEY, "dev", ISSUED)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
EVERY_CHARACTER = "aZ09!-_.*'()"
ids = st.text(EVERY_CHARACTER, min_size=1, max_size=150)
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")


def read(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def verifier(authority: Authority, moment: datetime = NOON) -> PolicyBuilder:
    return PolicyBuilder().store(Store([read(authority.certificate)])).time(moment)


def is_a_server(pair: Pair, host: str, authority: Authority = OURS, moment: datetime = NOON) -> bool:
    try:
        name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        verifier(authority, moment).build_server_verifier(name).verify(read(pair.certificate), [])
    except VerificationError:
        return False
    return True


def test_everything_is_the_same_in_every_run() -> None:
    again = Authority.of(KEY, "dev", Issued())
    assert again.certificate == OURS.certificate
    assert again.server(["a.b", "c"]) == OURS.server(["a.b", "c"])
    assert again.client("payments", 2) == OURS.client("payments", 2)


@given(ids, st.integers(1, 10_000))
def test_a_client_certificate_bears_the_whole_id_and_is_for_clients_only(tenant: str, version: int) -> None:
    made = read(OURS.client(tenant, version).certificate)
    assert made.subject.get_attributes_for_oid(x509.NameOID.USER_ID)[0].value == tenant
    assert subject(tenant, version) == made.subject.rfc4514_string()
    assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    made.verify_directly_issued_by(read(OURS.certificate))


@given(ids, ids)
def test_subjects_differ_even_for_who_ignores_case(one: str, other: str) -> None:
    """As nginx's maps do."""
    assert (subject(one, 1).lower() == subject(other, 1).lower()) == (one == other)
    assert subject(one, 1).lower() != subject(one.swapcase(), 1).lower() or one == one.swapcase()
    assert subject(one, 1) != subject(one, 2)


@pytest.mark.parametrize("tenant", ["payments", EVERY_CHARACTER * 12, "*", "a" * 150])
@openssl
def test_openssl_shows_the_subject_as_we_say(tenant: str, tmp_path: Path) -> None:
    """With XN_FLAG_RFC2253, as nginx asks it for `$ssl_client_s_dn`."""
    file = tmp_path / "tls.crt"
    file.write_text(OURS.client(tenant, 7).certificate)
    shown = subprocess.run(
        ["openssl", "x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert shown.stdout.strip().removeprefix("subject=").strip() == subject(tenant, 7)


@pytest.mark.parametrize(
    ("pair", "purpose", "good"),
    [
        (OURS.client("payments", 1), "sslclient", True),
        (OURS.client("payments", 1), "sslserver", False),
        (OURS.server(["gateway.ca7f8f-dev.svc"]), "sslserver", True),
        (OURS.server(["gateway.ca7f8f-dev.svc"]), "sslclient", False),
    ],
)
@openssl
def test_openssl_takes_them_for_what_they_are_meant(pair: Pair, purpose: str, good: bool, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(OURS.certificate)
    (tmp_path / "tls.crt").write_text(pair.certificate)
    strict = ["-x509_strict", "-check_ss_sig", "-attime", str(int(NOON.timestamp())), "-purpose", purpose]
    checked = subprocess.run(
        ["openssl", "verify", "-CAfile", tmp_path / "ca.crt", *strict, tmp_path / "tls.crt"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (checked.returncode == 0) == good, checked.stdout + checked.stderr


def test_a_server_is_trusted_under_its_names_only() -> None:
    pair = OURS.server(["gateway.x.svc", "10.0.0.1", "*.example.org"])
    for host in ("gateway.x.svc", "10.0.0.1", "telemetry.example.org"):
        assert is_a_server(pair, host)
    for host in ("gateway.y.svc", "10.0.0.2", "example.org"):
        assert not is_a_server(pair, host)


@pytest.mark.parametrize("length", [64, 65, 253])
def test_a_long_host_name_is_no_common_name(length: int) -> None:
    host = (("a" * 60 + ".") * 5)[: length - 1] + "a"
    made = OURS.server([host])
    assert is_a_server(made, host)
    assert len(read(made.certificate).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)) == (length == 64)


def test_key_and_certificate_belong_together() -> None:
    for pair in (OURS.server(["a"]), OURS.client("a", 1)):
        key = load_pem_private_key(pair.key.encode(), None)
        assert pair.key.startswith("-----BEGIN PRIVATE KEY-----")
        assert key.public_key() == read(pair.certificate).public_key()


@pytest.mark.parametrize(
    "other",
    [
        Authority.of(KEY, "test", ISSUED),
        Authority.of(f"{KEY}2", "dev", ISSUED),
        Authority.of(KEY, "dev", Issued(authority_version=2)),
    ],
    ids=["environment", "key", "authority_version"],
)
def test_another_authority_is_not_trusted(other: Authority) -> None:
    assert not is_a_server(other.server(["a"]), "a", OURS)
    assert not is_a_server(OURS.server(["a"]), "a", other)


def test_who_trusts_an_authority_goes_on_doing_so_when_its_dates_move() -> None:
    later = Authority.of(KEY, "dev", Issued(issued_on="2027-11-01", version=2))
    assert later.certificate != OURS.certificate
    moment = datetime(2028, 1, 1, tzinfo=UTC)
    assert is_a_server(later.server(["a"]), "a", OURS, moment)
    assert not is_a_server(OURS.server(["a"]), "a", OURS, moment)


def test_a_new_version_has_a_new_key() -> None:
    renewed = Authority.of(KEY, "dev", Issued(version=2))
    assert renewed.server(["a"]).key != OURS.server(["a"]).key
    assert renewed.certificate == OURS.certificate
    assert OURS.client("a", 1).key != OURS.client("a", 2).key


@given(st.lists(ids, min_size=2, max_size=5, unique=True))
def test_serial_numbers_are_positive_and_differ(tenants: list[str]) -> None:
    made = [read(OURS.client(tenant, version).certificate) for tenant in tenants for version in (1, 2)]
    serials = {each.serial_number for each in made}
    assert len(serials) == len(made)
    assert all(0 < serial < 2**159 for serial in serials)


@given(st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(1, 20_000))
def test_validity_is_whole_days_from_midnight_utc_and_ends_with_the_authority(day: date, days: int) -> None:
    issued = Issued(issued_on=day.isoformat(), valid_for=f"{days}d")  # type: ignore[arg-type]
    made = Authority.of(KEY, "dev", issued)
    authority, leaf = read(made.certificate), read(made.client("a", 1).certificate)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert authority.not_valid_before_utc == leaf.not_valid_before_utc == start
    assert leaf.not_valid_after_utc == min(start + timedelta(days=days, seconds=-1), authority.not_valid_after_utc)
    assert timedelta(days=3_650) < authority.not_valid_after_utc - start < timedelta(days=3_653)
    assert leaf.not_valid_after_utc.date() == ends(issued)


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2027, 11, 1), None),
        (date(2027, 11, 2), "end on 2027-12-02"),
        (date(2027, 12, 2), "end on 2027-12-02"),
        (date(2027, 12, 3), None),
    ],
)
def test_the_end_is_told_of_30_days_ahead(today: date, told: str | None) -> None:
    assert ends(ISSUED) == date(2027, 12, 2)
    warning = expiry_warning(ISSUED, today)
    assert warning is None if told is None else warning is not None and f" {told};" in warning


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 10, 31), "issued_on: 2026-11-01 is yet to come"),
        (date(2026, 11, 1), None),
        (date(2027, 12, 2), None),
        (date(2027, 12, 3), "ended on 2027-12-02; set issued_on to 2027-12-03"),
    ],
)
def test_what_is_not_valid_on_the_day_is_refused(today: date, told: str | None) -> None:
    refused = refusal(ISSUED, today)
    assert refused is None if told is None else refused is not None and told in refused


def test_nothing_secret_is_printed() -> None:
    pair = OURS.client("a", 1)
    for each in (OURS, pair, access.Credential("tlm_fake", pair)):
        assert KEY not in repr(each)
        assert "PRIVATE KEY" not in repr(each)
        assert "tlm_fake" not in repr(each)


TENANTS = [
    {"id": "tokens", "display_name": "Tokens"},
    {"id": "certs", "display_name": "Certs", "access": {"accepts": "certificate", "certificate": {"version": 3}}},
    {"id": "both", "display_name": "Both", "access": {"accepts": "both", "token": {"version": 2}}},
    {"id": "own", "display_name": "Own", "access": {"accepts": "either", "token_secret": "own-token"}},
]


def test_each_tenant_is_given_what_it_takes_and_does_not_have() -> None:
    stack = load_stack("dev", put("tenants", TENANTS), put("gateway", {}), put("credentials.gateway.key", KEY))
    given = access.of_tenants(stack, KEY)
    assert list(given) == ["tokens", "certs", "both", "own"]
    assert {tenant for tenant, its in given.items() if its.token is None} == {"certs", "own"}
    assert {tenant for tenant, its in given.items() if its.pair is None} == {"tokens"}
    assert given["certs"].pair == OURS.client("certs", 3)
    assert access.authority_of(stack, KEY) == access.client_authority_of(stack, KEY) == OURS.certificate
    federation = access.of_federation(stack, KEY)
    assert federation is not None
    assert federation.token not in {its.token for its in given.values()}


def test_an_authority_of_your_own_signs_for_clients() -> None:
    tenant = {"id": "a", "display_name": "A", "access": {"accepts": "certificate", "certificate_subject": "CN=a"}}
    gateway = {"client_ca_secret": "clients", "federation": None}
    stack = load_stack("dev", put("tenants", [tenant]), put("gateway", gateway), put("credentials.gateway.key", KEY))
    assert access.of_tenants(stack, KEY) == {"a": access.Credential(None, None)}
    assert access.client_authority_of(stack, KEY) is None
    assert access.of_federation(stack, KEY) is None
    server = access.server_of(stack, KEY)
    assert server is not None
    assert is_a_server(server, f"gateway.{stack.namespace.name}.svc")


def test_grafana_reads_with_credentials_of_its_own_as_the_tenant_comes() -> None:
    """Also of a tenant whose own token the program does not know."""
    stack = load_stack("dev", put("tenants", TENANTS), put("gateway", {}), put("credentials.gateway.key", KEY))
    own, readers = access.of_tenants(stack, KEY), access.of_readers(stack, KEY)
    assert {tenant for tenant, its in readers.items() if its.token is None} == {"certs"}
    assert {tenant for tenant, its in readers.items() if its.pair is None} == {"tokens"}
    for tenant, reads in readers.items():
        assert reads.token is None or reads.token != own[tenant].token
        assert reads.pair is None or reads.pair != own[tenant].pair
    assert readers["certs"].pair == OURS.client("certs", 1, reader=True)


def test_readers_and_epochs_have_certificates_of_their_own_and_the_first_ones_stay() -> None:
    made = [OURS.client("a", 1), OURS.client("a", 1, 2), OURS.client("a", 1, reader=True), OURS.client("a", 12)]
    made += [OURS.client("a", 1, 2, reader=True), OURS.client("a", 2, 1), OURS.client("a", 21)]
    assert len({each.key for each in made}) == len({each.certificate for each in made}) == len(made)
    assert "OU=v1," in subject("a", 1)
    assert "OU=v2.1," in subject("a", 1, 2)
    assert "OU=reader-v1," in subject("a", 1, reader=True)


BEFORE = PreviousKey(key=SecretStr("fake-key-before"), until="2026-12-15T00:00:00Z")


def test_while_a_key_before_counts_clients_trust_both_authorities_and_are_shown_the_one_they_know() -> None:
    stack = load_stack("dev", put("tenants", TENANTS), put("gateway", {}), put("credentials.gateway.key", KEY))
    old = Authority.of("fake-key-before", "dev", ISSUED)
    server, host = access.server_of(stack, KEY, BEFORE), f"gateway.{stack.namespace.name}.svc"
    assert server is not None
    assert is_a_server(server, host, old)
    for bundle in (access.authority_of(stack, KEY, BEFORE), access.client_authority_of(stack, KEY, BEFORE)):
        assert bundle is not None
        ours, theirs = x509.load_pem_x509_certificates(bundle.encode())
        assert ours == read(OURS.certificate)
        assert theirs.public_key() == read(old.certificate).public_key()
        assert theirs.not_valid_after_utc == datetime(2026, 12, 15, tzinfo=UTC)
    again = PreviousKey(key=SecretStr(KEY), until="2026-12-15T00:00:00Z", derivation=1)
    assert access.authority_of(stack, KEY, again) == OURS.certificate
    assert access.server_of(stack, KEY, again) == access.server_of(stack, KEY)


def test_without_a_gateway_there_are_no_credentials() -> None:
    stack = load_stack("dev")
    assert (access.of_tenants(stack, KEY), access.of_federation(stack, KEY)) == ({}, None)
    assert access.authority_of(stack, KEY) is None


def test_certificates_from_elsewhere_are_not_issued() -> None:
    pem = OURS.certificate
    existing = {"source": "existing", "secret": "tls", "authority": pem}
    gateway = {"certificate": existing, "backend_tls": {"secret": "backends"}}
    stack = load_stack("dev", put("tenants", TENANTS[:1]), put("gateway", gateway))
    assert access.server_of(stack, KEY) is None
    assert access.backends_of(stack, KEY) is None
    assert access.authority_of(stack, KEY) == pem
    issued = load_stack("dev", put("tenants", TENANTS[:1]), put("gateway", {"backend_tls": {}}))
    shared = access.backends_of(issued, KEY)
    assert shared is not None
    assert is_a_server(shared, f"backends.{issued.namespace.name}.svc")
    assert access.client_authority_of(issued, KEY) is None
