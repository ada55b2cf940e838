"""Who may do what in SeaweedFS: each identity has its own buckets, and nobody has the server."""

import json
import re
import shlex
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from telemetry.config.credentials import S3Identity, S3Key
from telemetry.object_store.identities import (
    Identity,
    backend,
    check_file_keys,
    configuration,
    identities_of,
    placeholder,
    provisioner,
    shell_commands,
)
from telemetry.object_store.policies import deny_deletion
from tests.support import ENVIRONMENTS, credentials, load_stack, put

ACTIONS = ("Read", "Write", "List", "Tagging", "Admin", "DeleteBucket", "PutBucketPolicy", "DeleteBucketPolicy")
"""What requests ask for: an identity of 4.44 needs Admin to make a bucket, and the last three for what they say."""
BACKEND = {"Read", "Write", "List", "Tagging"}

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def allows(identity: Identity, action: str, bucket: str) -> bool:
    """Decide as SeaweedFS does (CanDo in weed/s3api/auth_credentials.go, without wildcards, which nobody has)."""
    given = identity.actions
    return any(each in given for each in ("Admin", action, f"{action}:{bucket}", f"Admin:{bucket}"))


def allowed(identity: Identity, bucket: str) -> set[str]:
    return {action for action in ACTIONS if allows(identity, action, bucket)}


@each_environment
def test_each_backend_uses_its_own_buckets_and_the_provisioner_all(environment: str) -> None:
    stack = load_stack(environment)
    identities = identities_of(stack)
    own = {
        "traces": set(stack.backend("traces").buckets.values()),
        "metrics": set(stack.backend("metrics").buckets.values()),
    }
    for bucket in stack.buckets:
        assert allowed(identities["provisioner"], bucket) == set(ACTIONS)
        for signal, buckets in own.items():
            assert allowed(identities[signal], bucket) == (BACKEND if bucket in buckets else set())


@each_environment
@pytest.mark.parametrize("other", ["dts-traces-prod-block", "dts-traces-prod-blocks2", "", "anything", "*"])
def test_a_mistyped_name_is_nobodys(environment: str, other: str) -> None:
    for identity in identities_of(load_stack(environment)).values():
        assert allowed(identity, other) == set()


@pytest.mark.parametrize(("mine", "other"), list(permutations(ENVIRONMENTS, 2)))
def test_stacks_on_one_server_share_neither_names_nor_rights(mine: str, other: str) -> None:
    ours, theirs = (identities_of(load_stack(each)) for each in (mine, other))
    assert not {each.name for each in ours.values()} & {each.name for each in theirs.values()}
    for identity in ours.values():
        assert [allowed(identity, bucket) for bucket in load_stack(other).buckets] == [set()] * 4


def test_a_changed_purpose_moves_the_rights_with_it() -> None:
    metrics = identities_of(load_stack("prod", put("metrics.buckets.ruler", "rules")))["metrics"]
    assert allowed(metrics, "dts-metrics-prod-rules") == BACKEND
    assert allowed(metrics, "dts-metrics-prod-ruler") == set()


@pytest.mark.parametrize("buckets", [[], [""], ["a*"], ["a", "b?"], ["a/b"], ["a,b"], ["a:b"]])
def test_there_is_no_identity_for_what_is_no_bucket(buckets: list[str]) -> None:
    for make in (backend, provisioner):
        with pytest.raises(ValueError, match="full names of its buckets"):
            make("x", buckets)


def test_placeholders_are_what_seaweedfs_resolves_and_all_different() -> None:
    reference = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")  # credentialEnvRef of 4.44
    found = [
        key.get_secret_value()
        for environment in ENVIRONMENTS
        for identity in identities_of(load_stack(environment)).values()
        for key in (placeholder(identity).access_key, placeholder(identity).secret_key)
    ]
    assert len(set(found)) == len(found) == 18
    assert all(reference.fullmatch(each) for each in found)
    assert "${TELEMETRY_PROD_TRACES_SECRET_KEY}" in found


def keyed(environment: str) -> list[tuple[Identity, S3Identity]]:
    known = credentials()
    return [(identity, getattr(known, place)) for place, identity in identities_of(load_stack(environment)).items()]


def changing(environment: str) -> list[tuple[Identity, S3Identity]]:
    """Return identities whose key is being changed."""
    return [(identity, renewed(keys, new)) for new, (identity, keys) in zip("xyz", keyed(environment), strict=True)]


def renewed(keys: S3Identity, new: str) -> S3Identity:
    before = S3Key(access_key=keys.access_key, secret_key=keys.secret_key)
    return S3Identity.model_validate({"access_key": f"{new}k0-fake", "secret_key": f"{new}s0-fake", "previous": before})


@each_environment
@pytest.mark.parametrize("known", [keyed, changing])
def test_the_shell_is_told_the_same_as_the_file(environment: str, known: Callable[..., Any]) -> None:
    said: dict[str, Any] = {}
    for line in shell_commands(known(environment)):
        command, *options, apply = shlex.split(line)
        assert (command, apply) == ("s3.configure", "-apply")
        given = dict(option.removeprefix("-").split("=", 1) for option in options)
        verbs, buckets = given["actions"].split(","), given["buckets"].split(",")
        actions = [f"{verb}:{bucket}" for bucket in buckets for verb in verbs]
        one = said.setdefault(given["user"], {"name": given["user"], "credentials": [], "actions": actions})
        one["credentials"].append({"accessKey": given["access_key"], "secretKey": given["secret_key"]})
        assert one["actions"] == actions
    assert [*said.values()] == configuration(known(environment))["identities"]


def test_while_a_key_is_changed_the_server_knows_both_the_new_one_first() -> None:
    found = {each["name"]: each["credentials"] for each in configuration(changing("prod"))["identities"]}
    assert found["telemetry-prod-traces"] == [
        {"accessKey": "yk0-fake", "secretKey": "ys0-fake"},
        {"accessKey": "tk0-fake", "secretKey": "ts0-fake"},
    ]
    traces = identities_of(load_stack("prod"))["traces"]
    (shown,) = configuration([(traces, placeholder(traces, changing=True))])["identities"]
    assert shown["credentials"] == [
        {"accessKey": "${TELEMETRY_PROD_TRACES_ACCESS_KEY}", "secretKey": "${TELEMETRY_PROD_TRACES_SECRET_KEY}"},
        {
            "accessKey": "${TELEMETRY_PROD_TRACES_PREVIOUS_ACCESS_KEY}",
            "secretKey": "${TELEMETRY_PROD_TRACES_PREVIOUS_SECRET_KEY}",
        },
    ]


def test_the_file_has_each_identitys_own_keys() -> None:
    found = configuration(keyed("prod"))["identities"]
    assert [each["credentials"] for each in found] == [
        [{"accessKey": f"{who}k0-fake", "secretKey": f"{who}s0-fake"}] for who in "ptm"
    ]
    assert "fake" not in repr(keyed("prod"))


def test_the_policy_forbids_the_bucket_to_be_deleted_and_nothing_else() -> None:
    policy = json.loads(deny_deletion("dts-traces-prod-blocks"))
    assert policy["Version"] == "2012-10-17"  # SeaweedFS takes no other
    (statement,) = policy["Statement"]
    assert statement["Effect"] == "Deny"
    assert (statement["Principal"], statement["Action"]) == ("*", "s3:DeleteBucket")
    assert statement["Resource"] == "arn:aws:s3:::dts-traces-prod-blocks"
    assert "NotResource" not in statement  # below 4.18 it came back as null, for ever


def test_a_key_that_the_server_would_fill_in_is_refused() -> None:
    identity = backend("telemetry-dev-traces", ["blocks"])
    fine = S3Identity.model_validate({"access_key": "$HOME", "secret_key": "$HOME"})
    check_file_keys([(identity, fine)])
    filled_in = S3Identity.model_validate({"access_key": "a", "secret_key": "${HOME}"})
    with pytest.raises(ValueError, match="a key of telemetry-dev-traces has"):
        check_file_keys([(identity, filled_in)])
