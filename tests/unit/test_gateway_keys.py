"""Derived tokens and private keys: always the same, never the same for two purposes, and of the promised shape."""

import re

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from telemetry.gateway.keys import (
    federation_token,
    first_federation_token,
    first_token,
    private_key,
    reader_token,
    token,
)

KEY = "fake-" * 8
ids = st.text("abAB01!-_.*'()", min_size=1, max_size=150)
versions = st.integers(1, 10_000)
environments = st.sampled_from(["dev", "test", "prod"])
purposes = st.tuples(environments, ids, versions, versions)
Purpose = tuple[str, str, int, int]
"""Environment, tenant, version and epoch."""


def number(*purpose: str, key: str = KEY) -> int:
    return private_key(key, *purpose).private_numbers().private_value


@given(environments, ids, versions)
def test_a_token_is_one_that_rfc_6750_allows_and_scanners_find(environment: str, tenant: str, version: int) -> None:
    for made in (
        token(KEY, environment, tenant, version),
        reader_token(KEY, environment, tenant, version),
        federation_token(KEY, environment, version),
    ):
        assert re.fullmatch(r"tlm_[A-Za-z0-9_-]{43}", made)


def test_tokens_and_keys_never_change() -> None:
    """What these derive is in use at tenants: any other answer locks them all out."""
    assert token(KEY, "dev", "payments", 1) == "tlm_2m9OhaB5QkwBzw3_UuH8pUKP9sIoTO7WnvJvpuqDdoo"
    assert reader_token(KEY, "dev", "payments", 1) == "tlm_Io1O5PPTXFC74ptvPH1fpbz4VN9UY2MDnPukG4KCiQM"
    assert federation_token(KEY, "dev", 1) == "tlm_mdiXh8K-m-vNrNzeYc5o1K9d_pyIEEUXD2fcTywtWc4"
    assert first_token(KEY, "payments", 1) == "tlm_eLMa8Go5TPyp1zIHzzs0SVf6-07ePamH30UN5TBBfB0"
    assert first_federation_token(KEY, 1) == "tlm_BIFvDAhIPh01X4PWqYEY9lYPrOZ50MFQHkbYQ2Sxt20"
    assert (
        number("dev", "client", "payments", "1") == 0x6ED42F667A052840DC6E50D2EEB254E62226E9ECAA86D12CED8E4E10B9B47072
    )


@given(purposes, purposes)
def test_no_two_purposes_share_a_secret(one: Purpose, other: Purpose) -> None:
    """The environment is a part of it, so one key in dev, test and prod gives each its own."""
    assert (token(KEY, *one) == token(KEY, *other)) == (one == other)
    assert (reader_token(KEY, *one) == reader_token(KEY, *other)) == (one == other)
    environment, tenant, version, _ = one
    others = {first_token(KEY, tenant, version), first_federation_token(KEY, version)}
    others |= {reader_token(KEY, *one), federation_token(KEY, environment, version)}
    assert token(KEY, *one) not in others
    assert len(others) == 4
    assert (number(*map(str, one)) == number(*map(str, other))) == (one == other)


@given(ids, st.sampled_from([f"{KEY}x", KEY[:-1], KEY.upper()]))
def test_another_key_derives_others(tenant: str, other: str) -> None:
    assert token(KEY, "dev", tenant, 1) != token(other, "dev", tenant, 1)
    assert number(tenant) != number(tenant, key=other)


def test_where_a_purpose_is_divided_counts() -> None:
    assert len({number("a", "b-c"), number("a-b", "c"), number("a", "b", "c"), number("abc")}) == 4


@given(ids)
def test_a_key_is_on_p256(purpose: str) -> None:
    assert isinstance(private_key(KEY, purpose).curve, ec.SECP256R1)
