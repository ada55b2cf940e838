"""The table of what each SeaweedFS version can do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config.object_store import ObjectStore
from telemetry.config.seaweedfs import FEATURES, SAFE_LISTINGS, Version, parse_version, version_text
from telemetry.stack import ConfigError
from tests.support import load_stack, put

ASKED = {
    "versioning": True,
    "tags": {"team": "dts"},
    "abort_incomplete_uploads": "1d",
    "expire_after": {"metrics": "90d"},
    "deny_bucket_deletion": True,
    "server_side_encryption": True,
}
"""A value that asks for the feature, by setting."""

asked_for = [feature for feature in FEATURES if feature.setting]


def store_with(setting: str, version: Version) -> ObjectStore:
    return load_stack(
        "dev",
        put("object_store.seaweedfs_version", version_text(version)),
        put("object_store.allow_unsafe_version", True),
        put("object_store.sse_key_configured", True),
        put(f"object_store.{setting}", ASKED[setting]),
    ).object_store


def just_before(version: Version) -> Version:
    major, minor = version
    return (major, minor - 1) if minor else (major - 1, 99)


def test_every_setting_of_the_table_exists_and_is_tried_here() -> None:
    assert {feature.setting for feature in asked_for} == set(ASKED)
    assert set(ASKED) <= set(ObjectStore.model_fields)


@pytest.mark.parametrize("feature", [f for f in asked_for if f.since], ids=lambda f: f.setting)
def test_a_feature_is_accepted_from_its_first_version_on(feature: object) -> None:
    setting, since = feature.setting, feature.since  # type: ignore[attr-defined]
    assert getattr(store_with(setting, since), setting)
    with pytest.raises(ConfigError) as refused:
        store_with(setting, just_before(since))
    message = str(refused.value)
    assert f"telemetry:object_store.{setting}: " in message
    assert f"{setting} needs SeaweedFS {version_text(since)}" in message
    assert f"seaweedfs_version is {version_text(just_before(since))}" in message


def test_what_no_version_has_is_refused_by_the_newest() -> None:
    with pytest.raises(ConfigError, match=r"tags works in no SeaweedFS.* is 99\.00; remove tags"):
        store_with("tags", (99, 0))


def test_public_access_block_is_in_no_version_before_that_in_which_it_was_seen() -> None:
    assert [f.since for f in FEATURES if "PublicAccessBlock" in f.resource] == [(4, 53)]


@pytest.mark.parametrize(
    ("version", "protected", "chosen", "denied"),
    [
        ("4.44", True, None, True),
        ("4.44", False, None, False),
        ("3.97", True, None, True),
        ("3.96", True, None, False),
        ("3.39", True, None, False),
        ("4.44", True, False, False),
        ("4.44", False, True, True),
    ],
)
def test_deletion_is_denied_where_buckets_are_protected_and_the_server_has_policies(
    version: str, protected: bool, chosen: bool | None, denied: bool
) -> None:
    store = load_stack(
        "test",
        put("object_store.seaweedfs_version", version),
        put("object_store.allow_unsafe_version", True),
        put("object_store.deny_bucket_deletion", chosen),
    ).object_store
    assert store.denies_bucket_deletion(protected=protected) is denied


def test_encryption_is_refused_until_the_server_is_said_to_have_a_key() -> None:
    asked = put("object_store.server_side_encryption", True)
    with pytest.raises(ConfigError, match=r"telemetry:object_store\.server_side_encryption: .*every write fails") as no:
        load_stack("prod", asked)
    assert "sse_key_configured: true, or remove server_side_encryption" in str(no.value)
    with pytest.raises(ConfigError, match="every write fails"):
        load_stack("prod", asked, put("object_store.sse_key_configured", False))
    assert load_stack("prod", asked, put("object_store.sse_key_configured", True)).object_store.server_side_encryption


@pytest.mark.parametrize(("version", "safe"), [("4.41", False), ("4.42", True), ("5.00", True), ("3.99", False)])
def test_listings_are_safe_from_4_42_on(version: str, safe: bool) -> None:
    change = put("object_store.seaweedfs_version", version)
    assert (parse_version(version) >= SAFE_LISTINGS) is safe
    if safe:
        assert load_stack("dev", change).object_store.seaweedfs_version == version
    else:
        with pytest.raises(ConfigError, match=r"seaweedfs_version: .* below 4\.42"):
            load_stack("dev", change)


@given(st.integers(0, 99), st.integers(0, 99))
def test_a_version_survives_its_text(major: int, minor: int) -> None:
    assert parse_version(version_text((major, minor))) == (major, minor)


@pytest.mark.parametrize("text", ["", "4", "4.", ".44", "v4.44", "4.44.1", "4,44", "latest", "-4.44"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as '4\.44'"):
        parse_version(text)
