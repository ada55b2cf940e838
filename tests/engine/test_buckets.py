"""What guards the buckets: on our side, and on the server's where it has policies."""

import json
from itertools import pairwise

import pytest

from telemetry.object_store.policies import deny_deletion
from tests.engine.recorder import changed, run_of
from tests.support import ENVIRONMENTS, all_of, put

BUCKET, POLICY = "aws:s3/bucket:Bucket", "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OLD = all_of(put("object_store.seaweedfs_version", "3.39"), put("object_store.allow_unsafe_version", True))


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_protected_buckets_are_guarded_on_the_server_too(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    policies = run.of(POLICY)
    assert {policy.name for policy in policies} == ({each.name for each in run.of(BUCKET)} if policies else set())
    assert bool(policies) is (environment != "dev")
    for policy in policies:
        assert (policy.protect, policy.retain_on_delete) == (True, True)
        assert policy.plain == {"bucket": policy.name, "policy": deny_deletion(policy.name)}
        assert policy.plain["bucket"] in json.loads(policy.plain["policy"])["Statement"][0]["Resource"]
        assert run.one(BUCKET, policy.name).urn in policy.dependencies
        parent = run.at(policy.parent)
        assert parent is not None
        assert parent.name == "buckets"


def test_a_server_without_policies_is_asked_for_none() -> None:
    run = changed(OLD, environment="test")
    assert run.of(POLICY) == []
    assert all(bucket.protect and bucket.retain_on_delete for bucket in run.of(BUCKET))


def test_the_guard_of_a_bucket_that_goes_with_the_stack_goes_too() -> None:
    run = changed(put("object_store.deny_bucket_deletion", True), environment="dev")
    assert [(each.protect, each.retain_on_delete) for each in run.of(POLICY)] == [(False, False)] * 4


def test_the_guard_can_be_switched_off() -> None:
    run = changed(put("object_store.deny_bucket_deletion", False), environment="prod")
    assert run.of(POLICY) == []


def test_encryption_comes_when_asked_for() -> None:
    assert run_of("prod", preview=False).of(ENCRYPTION) == []
    key = put("object_store.sse_key_configured", True)
    run = changed(key, put("object_store.server_side_encryption", True), environment="prod")
    assert {each.name for each in run.of(ENCRYPTION)} == {each.name for each in run.of(BUCKET)}
    for each in run.of(ENCRYPTION):
        assert each.plain["rules"] == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]


def test_what_is_set_on_a_bucket_is_set_one_after_the_other() -> None:
    """SeaweedFS reads a bucket's settings and writes them all, without a lock: of two at once it may lose one."""
    run = changed(
        put("object_store.sse_key_configured", True),
        put("object_store.server_side_encryption", True),
        put("object_store.versioning", True),
        put("object_store.abort_incomplete_uploads", "2d"),
        environment="prod",
    )
    for bucket in run.of(BUCKET):
        made = [bucket, *(run.one(kind, bucket.name) for kind in (POLICY, ENCRYPTION, VERSIONING, LIFECYCLE))]
        for before, setting in pairwise(made):
            assert before.urn in setting.dependencies
