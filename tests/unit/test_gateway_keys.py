"""Derived tokens and private keys: always the same, never the same for two purposes, and of the promised shape."""

import re

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys import federation_token, private_key, token

KEY = "fake-" * 8
ids = st.text("abAB01!-_.*'()", min_size=1, max_size=150)
versions = st.integers(1, 10_000)
purposes = st.tuples(ids, versions)


def number(*purpose: str, key: str = KEY) -> int:
    return private_key(key, *purpose).private_numbers().private_value


@given(ids, versions)
def test_a_token_is_one_that_rfc_6750_allows_and_scanners_find(tenant: str, version: int) -> None:
    for made in (token(KEY, tenant, version), federation_token(KEY, version)):
        assert re.fullmatch(r"tlm_[A-Za-z0-9_-]{43}", made)


def test_tokens_and_keys_never_change() -> None:
    """What these derive is in use at tenants: any other answer locks them all out."""
    assert token(KEY, "payments", 1) == "tlm_eLMa8Go5TPyp1zIHzzs0SVf6-07ePamH30UN5TBBfB0"
    assert federation_token(KEY, 1) == "tlm_BIFvDAhIPh01X4PWqYEY9lYPrOZ50MFQHkbYQ2Sxt20"
    assert (
        number("dev", "client", "payments", "1") == 0x6ED42F667A052840DC6E50D2EEB254E62226E9ECAA86D12CED8E4E10B9B47072
    )


@given(purposes, purposes)
def test_no_two_purposes_share_a_secret(one: tuple[str, int], other: tuple[str, int]) -> None:
    assert (token(KEY, *one) == token(KEY, *other)) == (one == other)
    assert token(KEY, *one) != federation_token(KEY, one[1])
    assert (number(*map(str, one)) == number(*map(str, other))) == (one == other)


@given(ids, st.sampled_from([f"{KEY}x", KEY[:-1], KEY.upper()]))
def test_another_key_derives_others(tenant: str, other: str) -> None:
    assert token(KEY, tenant, 1) != token(other, tenant, 1)
    assert number(tenant) != number(tenant, key=other)


def test_where_a_purpose_is_divided_counts() -> None:
    assert len({number("a", "b-c"), number("a-b", "c"), number("a", "b", "c"), number("abc")}) == 4


@given(ids)
def test_a_key_is_on_p256(purpose: str) -> None:
    assert isinstance(private_key(KEY, purpose).curve, ec.SECP256R1)
