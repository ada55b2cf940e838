"""Pods say which S3 key they have: those who use one, all of them, and in a way that tells nothing of the key."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.backends.mimir import values as mimir
from telemetry.backends.tempo import values_distributed as tempo_distributed
from telemetry.config.credentials import S3Identity, S3Key
from telemetry.releases import releases_of
from telemetry.spec.values.s3_key import ANNOTATION, digest, digest_in, with_digest
from tests.support import ENVIRONMENTS, credentials, load_stack
from tests.unit.rendered import leaves

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)
PAIR = st.tuples(TEXT, TEXT)
KEY = st.sampled_from(["a", "b", ANNOTATION])
VALUES = st.dictionaries(
    KEY,
    st.recursive(st.text(), lambda inner: st.dictionaries(KEY, inner) | st.lists(inner, max_size=3), max_leaves=8),
)


def key(access_key: str, secret_key: str) -> S3Key:
    return S3Key.model_validate({"access_key": access_key, "secret_key": secret_key})


@settings(max_examples=30, deadline=None)
@given(one=PAIR, other=PAIR)
def test_keys_are_told_apart_and_nothing_of_them_is_told(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (digest(key(*one)) == digest(key(*other))) is (one == other)
    assert not [text for text in one if text in digest(key(*one))]


def test_the_digest_stays_as_it_is_for_a_change_of_it_would_restart_every_backend() -> None:
    assert digest(key("an id", "a secret")) == "75900c13ef"


def test_the_pair_before_has_no_part_in_it() -> None:
    before = credentials().provisioner
    pair = key("n", "m")
    changing = S3Identity(access_key=pair.access_key, secret_key=pair.secret_key, previous=key("o", "p"))
    assert digest(changing) == digest(pair) != digest(before)


@given(values=VALUES)
def test_a_digest_is_put_where_a_key_is_used_and_nowhere_else(values: dict[str, Any]) -> None:
    keyed = with_digest(values, "d1")
    assert without(keyed) == without(values)
    found = [value for path, value in leaves(keyed) if ANNOTATION in path]
    assert set(found) == ({"d1"} if found else set())
    assert digest_in(keyed) == ("d1" if found else None)


def without(values: Any) -> Any:
    """Return values with nothing at the annotation."""
    if isinstance(values, dict):
        return {name: None if name == ANNOTATION else without(each) for name, each in values.items()}
    return [without(each) for each in values] if isinstance(values, list) else values


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_who_is_given_the_credentials_says_which(environment: str) -> None:
    for release in releases_of(load_stack(environment)):
        values = release.with_key(credentials().traces).values
        given_to = {path[:-4] for path, _ in leaves(values) if path[-2:] == ("secretRef", "name")}
        telling = {path[:-2] for path, value in leaves(values) if path[-1] == ANNOTATION and value == "42820804a0"}
        own = {"mimir": mimir.READS_BUCKETS, "tempo-distributed": tempo_distributed.READS_BUCKETS}.get(release.name)
        if own is None:
            assert (given_to, telling) == ({("tempo",)}, {()}), "the chart of the single binary has them apart"
        else:
            assert given_to == telling
            assert len(telling) == len(own)
