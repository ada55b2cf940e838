"""Who is let in, and as whom: the maps of tenants.conf and nginx.conf together, read as nginx reads them."""

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from telemetry.config.access import Rotation
from telemetry.config.credentials import PreviousKey
from telemetry.config.gateway import Federation
from telemetry.gateway import accepted, keys
from telemetry.gateway import secrets as contents
from telemetry.gateway.certificates import subject
from telemetry.gateway.tenant_maps import tenants_conf
from telemetry.stack.tenants import Tenant, check_tenants
from tests.unit.nginx_maps import Map, Request, maps
from tests.unit.test_gateway_nginx import CONF

KEY, ENVIRONMENT = "fake-key", "dev"
token = partial(keys.token, KEY, ENVIRONMENT)
reader_token = partial(keys.reader_token, KEY, ENVIRONMENT)
federation_token = partial(keys.federation_token, KEY, ENVIRONMENT)
NOW = "2026-11-21T12:00:00+00:00"
IDS = st.text("abcXYZ019!_.*'()-", min_size=1, max_size=150).filter(
    lambda text: text not in {".", "..", "*", "anonymous", "single-tenant", "__mimir_cluster"}
)
NGINX = maps(CONF)
READS = "logs:read metrics:read profiles:read traces:read"


def tenant(tenant_id: str, **more: Any) -> Tenant:
    """Return a tenant."""
    return Tenant.model_validate({"id": tenant_id, "display_name": f"Tenant {tenant_id[:60]}", **more})


def conf(
    tenants: Sequence[Tenant],
    federation: Federation | None = None,
    previous: PreviousKey | None = None,
    *,
    alerting: bool = False,
) -> str:
    """Return the tenants' configuration."""
    known = accepted.tokens(environment=ENVIRONMENT, tenants=tenants, key=KEY, federation=federation, previous=previous)
    return tenants_conf(tenants=tenants, tokens=known, federation=federation, max_body=16 * 2**20, alerting=alerting)


def asked(
    known: dict[str, Map], bearer: str | None = None, dn: str | None = None, claims: str = "", **more: str
) -> Request:
    """Return a request with these credentials."""
    variables = {
        "http_authorization": "" if bearer is None else f"Bearer {bearer}",
        "ssl_client_verify": "NONE" if dn is None else "SUCCESS",
        "ssl_client_s_dn": dn or "",
        "ssl_client_fingerprint": "" if dn is None else "ab" * 20,
        "http_x_scope_orgid": claims,
        "content_length": "",
        "time_iso8601": NOW,
    }
    return Request(NGINX | known, **(variables | more))


def outcome(request: Request) -> str:
    """Return whom nginx lets in, or the status with which it refuses."""
    return request.value("refusal") or request.value("tenant")


def test_the_maps_are_as_reviewed(snapshot: SnapshotAssertion) -> None:
    tenants = [
        tenant("payments", access={"token": {"version": 2, "previous_until": "2026-12-01T00:00:00Z"}}),
        tenant("Payments!", limits={"requests_per_second": 5, "requests_burst": 9, "max_body": "1Mi"}),
        tenant("agents", access={"accepts": "both", "certificate": {"version": 3}}),
        tenant("own", access={"token_secret": "their-secret"}),
    ]
    text = conf(tenants, Federation())
    secrets = {f"<{each.id} {number}>": token(each.id, number) for each in tenants for number in (1, 2, 3)}
    secrets |= {f"<reader of {each.id}>": reader_token(each.id, 1) for each in tenants}
    for name, secret in {**secrets, "<federation>": federation_token(1)}.items():
        text = text.replace(secret, name).replace(secret.lower(), name.lower())
    assert "tlm_" not in text
    assert snapshot == text


@given(st.lists(IDS, min_size=1, max_size=8, unique_by=lambda each: tenant(each).object_name))
def test_every_id_comes_out_as_it_went_in(ids: list[str]) -> None:
    assume(len(set(ids)) == len(ids))
    known = maps(conf([tenant(each, access={"accepts": "either"}) for each in ids]))
    for each in ids:
        assert outcome(asked(known, token(each, 1))) == each
        assert outcome(asked(known, None, subject(each, 1))) == each


@given(IDS, IDS)
def test_nobody_is_let_in_under_another_name(one: str, other: str) -> None:
    assume(one != other)
    known = maps(conf([tenant(one), tenant(other)]))
    allowed = {one: one, other: "403"}
    assert {each: outcome(asked(known, token(one, 1), claims=each)) for each in allowed} == allowed
    assert outcome(asked(known, token(one, 1), claims=f"{one}|{other}")) == "403"
    assert outcome(asked(known, token(one, 1), claims=f"{one}\t")) == "403"


ACCEPTS = ("token", "certificate", "either", "both")
TOKENS = {"none": None, "own": token("a", 1), "other": token("b", 1), "wrong": "tlm_wrong"}
SUBJECTS = {"none": None, "own": subject("a", 1), "other": subject("b", 1), "wrong": "CN=somebody"}


def expected(accepts: str, by_token: str, by_certificate: str) -> str:
    """Return what becomes of a request whose credentials are these tenants'; `?` is a token that is nobody's."""
    if by_token == "?" or not (by_token or by_certificate):
        return "401"
    if by_token and by_certificate:
        return by_token if by_token == by_certificate else "403"
    if accepts == "both" and "a" in (by_token, by_certificate):
        return "403" if by_token else "401"
    return by_token or by_certificate


@pytest.mark.parametrize(("accepts", "bearer", "dn"), list(product(ACCEPTS, TOKENS, SUBJECTS)))
def test_credentials_let_in_as_the_tenant_accepts_them(accepts: str, bearer: str, dn: str) -> None:
    known = maps(conf([tenant("a", access={"accepts": accepts}), tenant("b", access={"accepts": "either"})]))
    by_token = {"own": "a" if accepts != "certificate" else "?", "other": "b", "none": "", "wrong": "?"}[bearer]
    by_certificate = {"own": "a" if accepts != "token" else "", "other": "b", "none": "", "wrong": ""}[dn]
    assert outcome(asked(known, TOKENS[bearer], SUBJECTS[dn])) == expected(accepts, by_token, by_certificate)


@pytest.mark.parametrize("verified", ["NONE", "FAILED:certificate has expired", "FAILED:self-signed certificate"])
def test_a_subject_counts_only_if_its_certificate_is_trusted(verified: str) -> None:
    known = maps(conf([tenant("a", access={"accepts": "certificate"})]))
    assert outcome(asked(known, None, subject("a", 1))) == "a"
    assert outcome(asked(known, None, subject("a", 1), ssl_client_verify=verified)) == "401"


@given(st.integers(0, 46), st.characters(codec="ascii"))
def test_a_token_with_one_character_changed_is_none(index: int, character: str) -> None:
    right = token("a", 1)
    wrong = right[:index] + character + right[index + 1 :]
    known = maps(conf([tenant("a")]))
    assert outcome(asked(known, wrong)) == ("a" if wrong == right else "401")
    swapped = right[:index] + right[index].swapcase() + right[index + 1 :]
    assert outcome(asked(known, swapped)) == ("a" if swapped == right else "401")


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer   {}", "Bearer {} "])
def test_the_scheme_is_read_as_the_standard_says(header: str) -> None:
    known = maps(conf([tenant("a")]))
    assert outcome(asked(known, http_authorization=header.format(token("a", 1)))) == "a"


@pytest.mark.parametrize("header", ["{}", "Basic {}", "Bearer", "Bearer {}, Bearer {}", "Bearer{}", "Bearer {} x", "x"])
def test_any_other_header_is_no_credential(header: str) -> None:
    known = maps(conf([tenant("a", access={"accepts": "either"})]))
    right = token("a", 1)
    assert outcome(asked(known, http_authorization=header.format(right, right))) == "401"
    assert outcome(asked(known, None, subject("a", 1), http_authorization=header.format(right, right))) == "401"


@pytest.mark.parametrize(
    ("now", "then"),
    [("2026-11-30T23:59:59+00:00", "a"), ("2026-12-01T00:00:00+00:00", "401"), ("2026-11-30T00:00:00+09:00", "401")],
)
def test_the_previous_version_counts_until_its_moment(now: str, then: str) -> None:
    rotation = {"version": 3, "previous_until": "2026-12-01T00:00:00Z"}
    known = maps(conf([tenant("a", access={"accepts": "either", "token": rotation, "certificate": rotation})]))
    for version, wanted in ((1, "401"), (2, then), (3, "a"), (4, "401")):
        assert outcome(asked(known, token("a", version), time_iso8601=now)) == wanted
        assert outcome(asked(known, None, subject("a", version), time_iso8601=now)) == wanted


@pytest.mark.parametrize(("now", "then"), [("2026-11-30T23:59:59+00:00", "a"), ("2026-12-01T00:00:00+00:00", "401")])
def test_a_version_that_ends_counts_until_then(now: str, then: str) -> None:
    ends = {"issued_on": "2026-11-01", "valid_for": "30d"}
    access = {"accepts": "either", "token": ends, "certificate": ends, "reader": ends}
    known = maps(conf([tenant("a", access=access), tenant("b")], Federation(token=Rotation.model_validate(ends))))
    for shown in ((token("a", 1),), (reader_token("a", 1),), (None, subject("a", 1))):
        assert outcome(asked(known, *shown, time_iso8601=now)) == then
    assert outcome(asked(known, token("b", 1), time_iso8601=now)) == "b"
    assert outcome(asked(known, federation_token(1), time_iso8601=now)) == ("a|b" if then == "a" else "401")


def test_without_a_grace_period_the_previous_version_counts_no_longer() -> None:
    known = maps(conf([tenant("a", access={"token": {"version": 2}})]))
    assert outcome(asked(known, token("a", 1))) == "401"


def test_a_token_that_exists_already_is_listed_by_the_pod_and_counts_for_who_has_one() -> None:
    tenants = [tenant("a", access={"token_secret": "theirs"}), tenant("b")]
    assert token("a", 1) not in conf(tenants)
    known = maps(conf(tenants))
    records = {"fake-token": "Fake-Token\ta\n", "left-behind": "left-behind\tb\n"}
    known["$existing_record"] = Map("$token", "", records, [])
    assert outcome(asked(known, "Fake-Token")) == "a"
    assert outcome(asked(known, "fake-token")) == "401"
    assert outcome(asked(known, "left-behind")) == "401"
    assert outcome(asked(known, token("b", 1))) == "b"


@given(st.integers(1, 40), st.integers(1, 150))
def test_who_reads_all_tenants_has_all_their_ids(count: int, length: int) -> None:
    ids = [f"{number:03}".rjust(length, "x") for number in range(count)]
    known = maps(conf([tenant(each) for each in ids], Federation(token=Rotation(version=2))))
    request = asked(known, federation_token(2))
    assert outcome(request) == "|".join(ids)
    assert (request.value("scopes"), request.value("logged_tenant")) == (READS, "*")
    assert outcome(asked(known, federation_token(1))) == "401"


def test_nobody_reads_all_tenants_where_that_is_switched_off() -> None:
    request = asked(maps(conf([tenant("a")])), federation_token(1))
    assert outcome(request) == "401"


@given(st.integers(1, 2**40), st.integers(-2, 2), st.booleans())
def test_a_body_may_be_as_large_as_the_tenant_may_send(limit: int, more: int, common: bool) -> None:
    sized = tenant("a").model_copy(update={"limits": tenant("a").limits.model_copy(update={"max_body": limit})})
    known = maps(conf([sized, *([] if common else [tenant("b"), tenant("c")])]))
    length = max(0, limit + more)
    assert outcome(asked(known, token("a", 1), content_length=str(length))) == ("a" if length <= limit else "413")
    assert outcome(asked(known, token("a", 1))) == "a"


def test_each_tenant_counts_against_its_own_rate_and_strangers_against_none() -> None:
    rates = {"a": (5, 9), "b": (100, 200), "c": (100, 200), "d": (5, 10)}
    tenants = [
        tenant(each, limits={"requests_per_second": rate, "requests_burst": burst})
        for each, (rate, burst) in rates.items()
    ]
    text = conf(tenants, Federation())
    zones = {f"{rate}_{burst}" for rate, burst in rates.values()}
    for rate, burst in rates.values():
        zone = f"{rate}_{burst}"
        assert f"limit_req_zone $limited_{zone} zone=limited_{zone}:1m rate={rate}r/s;" in text
        assert f"limit_req zone=limited_{zone} burst={burst} nodelay;" in text
    known = maps(text)

    def counted(request: Request) -> dict[str, str]:
        return {zone: name for zone in zones if (name := request.value(f"limited_{zone}"))}

    for each, (rate, burst) in rates.items():
        assert counted(asked(known, token(each, 1))) == {f"{rate}_{burst}": each}
    assert counted(asked(known, federation_token(1))) == {"100_200": "*"}
    assert counted(asked(known)) == {}


def test_each_tenant_works_on_so_many_requests_at_a_time() -> None:
    counts = {"a": 5, "b": 200, "c": 200}
    tenants = [tenant(each, limits={"concurrent_requests": count}) for each, count in counts.items()]
    text = conf(tenants, Federation(concurrent_requests=7))
    known = maps(text)
    tokens = {each: token(each, 1) for each in counts} | {"*": federation_token(1)}
    for name, count in {**counts, "*": 7}.items():
        assert f"limit_conn_zone $at_once_{count} zone=at_once_{count}:1m;\nlimit_conn at_once_{count} {count};" in text
        request = asked(known, tokens[name])
        assert {each: request.value(f"at_once_{each}") for each in (5, 7, 200)} == {
            each: name if each == count else "" for each in (5, 7, 200)
        }


def test_subjects_that_differ_in_case_only_are_two() -> None:
    subjects = {"one": "CN=agent,O=Example", "two": "CN=Agent,O=Example", "three": "CN=AGENT,O=Example"}
    tenants = [
        tenant(each, access={"accepts": "certificate", "certificate_subject": dn}) for each, dn in subjects.items()
    ]
    known = maps(conf(tenants))
    assert {each: outcome(asked(known, None, dn)) for each, dn in subjects.items()} == {each: each for each in subjects}
    assert outcome(asked(known, None, "cn=agent,o=example")) == "401"


@pytest.mark.parametrize("subject", [r"CN=.*,O=Example\, Inc.", r"O=M\C3\BCller \"M\" AG,CN=a+UID=7", "CN={a}"])
def test_a_subject_is_compared_as_it_stands(subject: str) -> None:
    known = maps(conf([tenant("a", access={"accepts": "certificate", "certificate_subject": subject})]))
    assert outcome(asked(known, None, subject)) == "a"
    assert outcome(asked(known, None, "CN=x")) == "401"
    assert outcome(asked(known, None, subject.replace("\\", ""))) == ("a" if "\\" not in subject else "401")


def test_one_subject_for_two_tenants_is_refused() -> None:
    access = {"accepts": "certificate", "certificate_subject": "CN=agent"}
    with pytest.raises(ValueError, match="tenants one and two have the same credential"):
        conf([tenant("one", access=access), tenant("two", access=access)])


def test_no_token_is_in_the_configuration_that_everybody_may_read() -> None:
    assert "tlm_" not in CONF
    assert "fake" not in CONF


@pytest.mark.parametrize("count", [1, 10, 1_000])
def test_the_size_grows_with_the_tenants_and_fits_into_a_secret(count: int) -> None:
    rotation = {"version": 2, "previous_until": "2026-12-01T00:00:00Z"}
    access = {"accepts": "either", "token": rotation, "certificate": rotation}
    tenants = check_tenants([tenant(f"tenant-{number:04}", access=access) for number in range(count)])
    text = conf(tenants, Federation())
    assert len(text) < 4_000 + 1_000 * count
    assert len(text) < contents._MOST_BYTES
    assert f"map_hash_max_size {max(2_048, 2 * (4 * count + 6 * count + 1))};" in text
