"""The aws stand-in without a server: what is a change, what is refused, and that a preview calls nobody."""

import json
from typing import Any, cast

import pytest

from sandbox.plugins.aws import Aws
from sandbox.plugins.aws_bucket import Bucket
from sandbox.plugins.base import CheckError, IncompleteError, ProviderError, Request, ResourceType
from sandbox.plugins.s3_endpoint import Endpoint
from sandbox.plugins.values import UNKNOWN, Unknown
from telemetry.object_store.policies import deny_deletion

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
NAME = "dts-traces-test-blocks"
DENIED = deny_deletion(NAME)
INPUTS: dict[str, dict[str, Any]] = {
    BUCKET: {"bucket": NAME, "forceDestroy": False, "region": "us-east-1"},
    POLICY: {"bucket": NAME, "policy": DENIED, "region": "us-east-1"},
    VERSIONING: {"bucket": NAME, "versioningConfiguration": {"status": "Enabled"}, "region": "us-east-1"},
    LIFECYCLE: {"bucket": NAME, "rules": [{"id": "a", "status": "Enabled"}], "region": "us-east-1"},
    ENCRYPTION: {"bucket": NAME, "rules": [], "region": "us-east-1"},
}


def resource_type(token: str) -> ResourceType:
    """Return a type of a provider whose endpoint is not known, so that any call would fail."""
    aws = Aws()
    aws.configure({"endpoints": UNKNOWN})
    return aws.resource_type(token)


def request(token: str, inputs: dict[str, Any] | None = None, **fields: Any) -> Request:
    return Request("urn", token, NAME, NAME, {**INPUTS[token], **(inputs or {})}, **fields)


@pytest.mark.parametrize("token", INPUTS)
def test_a_preview_calls_nobody(token: str) -> None:
    made, outputs = resource_type(token).create(request(token, preview=True))
    assert made == ""
    unknown = {key for key, value in outputs.items() if isinstance(value, Unknown)}
    assert unknown == (
        {"arn", "bucketDomainName", "bucketRegionalDomainName", "hostedZoneId"} if token == BUCKET else set()
    )
    assert INPUTS[token].items() <= resource_type(token).update(request(token, preview=True)).items()


class LostAfterwards:
    """An endpoint that is lost once a bucket is made."""

    region = "us-east-1"

    def call(self, what: str, _: object, *, missing: tuple[str, ...] = ()) -> None:  # noqa: ARG002
        if what.startswith("reading"):
            raise ProviderError(f"{what}: lost")


def test_a_bucket_that_cannot_be_read_after_it_was_made_is_kept() -> None:
    with pytest.raises(IncompleteError, match=rf"reading S3 Bucket \({NAME}\): lost") as kept:
        Bucket(cast("Endpoint", LostAfterwards())).create(request(BUCKET))
    assert (kept.value.id, kept.value.state["bucket"]) == (NAME, NAME)


@pytest.mark.parametrize(
    ("token", "old", "new", "changes", "replaces"),
    [
        (BUCKET, {"bucket": "other"}, {}, {"bucket"}, {"bucket"}),
        (BUCKET, {"region": "eu"}, {}, {"region"}, {"region"}),
        (BUCKET, {"forceDestroy": True}, {}, {"forceDestroy"}, set()),
        (POLICY, {}, {}, set(), set()),
        (POLICY, {"policy": json.dumps(json.loads(DENIED), indent=4)}, {}, set(), set()),
        (POLICY, {"policy": DENIED.replace("Deny", "Allow")}, {}, {"policy"}, set()),
        (POLICY, {"policy": "no JSON"}, {}, {"policy"}, set()),
        (POLICY, {}, {"policy": UNKNOWN}, {"policy"}, set()),
        (POLICY, {"bucket": "other"}, {}, {"bucket"}, {"bucket"}),
        (
            VERSIONING,
            {"versioningConfiguration": {"status": "Suspended"}},
            {},
            {"versioningConfiguration.status"},
            set(),
        ),
        (LIFECYCLE, {"rules": []}, {}, {"rules[0]"}, set()),
    ],
)
def test_only_what_says_something_else_is_a_change(
    token: str, old: dict[str, Any], new: dict[str, Any], changes: set[str], replaces: set[str]
) -> None:
    found = resource_type(token).diff(request(token, new, old_inputs={**INPUTS[token], **old}))
    assert (set(found.changes), set(found.replaces)) == (changes, replaces)


@pytest.mark.parametrize(
    ("token", "inputs", "path"),
    [
        (BUCKET, {"bucket": ""}, "bucket"),
        *((BUCKET, {key: {"a": "b"}}, key) for key in ("tags", "versioning", "lifecycleRules", "bucketPrefix")),
        (POLICY, {"expectedBucketOwner": "me"}, "expectedBucketOwner"),
        (VERSIONING, {"versioningConfiguration": {"mfaDelete": "Enabled"}}, "versioningConfiguration.mfaDelete"),
        (LIFECYCLE, {"rules": [{"transitions": [{"days": 1}]}]}, "rules[0].transitions"),
        (ENCRYPTION, {"rules": [{"bucketKeyEnabled": True}]}, "rules[0].bucketKeyEnabled"),
    ],
)
def test_what_is_not_copied_is_refused(token: str, inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(CheckError) as failure:
        resource_type(token).check(request(token, inputs))
    assert failure.value.path == path


@pytest.mark.parametrize("token", INPUTS)
def test_the_region_is_the_providers_unless_it_is_stated(token: str) -> None:
    given = {key: value for key, value in INPUTS[token].items() if key not in ("region", "forceDestroy")}
    assert resource_type(token).check(Request("urn", token, NAME, inputs=given)) == INPUTS[token]


def test_without_an_endpoint_nothing_goes_to_amazon() -> None:
    with pytest.raises(ProviderError, match="never calls Amazon"):
        resource_type(BUCKET).create(request(BUCKET))


def test_other_resource_types_are_refused() -> None:
    with pytest.raises(ProviderError, match="no stand-in for aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"):
        resource_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
