"""The stand-in's bucket policy against moto, which has policies as the sandbox's SeaweedFS has not."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from object_store.policies import deny_deletion
from sandbox.plugins.aws import Aws
from sandbox.plugins.base import CheckError, ProviderError, Request, ResourceType
from sandbox.plugins.values import UNKNOWN

TYPE = "aws:s3/bucketPolicy:BucketPolicy"
ENDPOINT = "https://s3.us-east-1.amazonaws.com"  # moto answers in its place; nothing leaves the process
NAME = "dts-traces-test-blocks"
POLICY = deny_deletion(NAME)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", endpoint_url=ENDPOINT)
        client.create_bucket(Bucket=NAME)
        yield client


def policies() -> ResourceType:
    aws = Aws()
    endpoints = json.dumps([{"s3": ENDPOINT}])
    aws.configure({"endpoints": endpoints, "s3UsePathStyle": "true", "accessKey": "k", "secretKey": "s"})
    return aws.resource_type(TYPE)


def request(policy: Any = POLICY, name: str = NAME, **fields: Any) -> Request:
    inputs = {"bucket": name, "policy": policy, "region": "us-east-1"}
    return Request(urn="urn", type=TYPE, name=name, id=name, **{"inputs": inputs, **fields})


def stored(s3: Any) -> Any:
    return json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])


def test_a_policy_through_its_life(s3: Any) -> None:
    made = policies()
    name, outputs = made.create(request())
    assert (name, outputs["policy"]) == (NAME, POLICY)
    assert stored(s3) == json.loads(POLICY)
    live = made.read(request())
    assert live is not None
    assert (live.id, live.inputs) == (NAME, request().inputs)

    changed = POLICY.replace("NobodyDeletesThisBucket", "Renamed")
    assert made.update(request(changed, state=outputs))["policy"] == changed
    assert stored(s3)["Statement"][0]["Sid"] == "Renamed"

    made.delete(request())
    assert made.read(request()) is None
    made.delete(request())  # and once more: it is gone already
    s3.delete_bucket(Bucket=NAME)
    assert made.read(request()) is None
    made.delete(request())


def test_what_was_changed_behind_its_back_is_read(s3: Any) -> None:
    policies().create(request())
    other = POLICY.replace("Deny", "Allow")
    s3.put_bucket_policy(Bucket=NAME, Policy=other)
    live = policies().read(request())
    assert live is not None
    assert json.loads(live.inputs["policy"]) == json.loads(other)


def test_a_preview_makes_nothing(s3: Any) -> None:
    assert policies().create(request(preview=True)) == ("", request().inputs)
    assert policies().update(request(preview=True)) == request().inputs
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
        stored(s3)


@pytest.mark.parametrize(
    ("old", "new", "changes", "replaces"),
    [
        ({}, {}, set(), set()),
        ({"policy": json.dumps(json.loads(POLICY), indent=4)}, {}, set(), set()),
        ({"policy": POLICY.replace("Deny", "Allow")}, {}, {"policy"}, set()),
        ({"policy": "no JSON"}, {}, {"policy"}, set()),
        ({}, {"policy": UNKNOWN}, {"policy"}, set()),
        ({"bucket": "other"}, {}, {"bucket"}, {"bucket"}),
        ({"region": "eu"}, {}, {"region"}, {"region"}),
    ],
)
def test_only_what_says_something_else_is_a_change(
    old: dict[str, Any], new: dict[str, Any], changes: set[str], replaces: set[str]
) -> None:
    inputs = request().inputs
    found = policies().diff(request(inputs={**inputs, **new}, old_inputs={**inputs, **old}))
    assert (set(found.changes), set(found.replaces)) == (changes, replaces)


def test_no_policy_for_a_bucket_that_is_not_there(s3: Any) -> None:
    assert s3
    with pytest.raises(ProviderError, match=r"putting S3 Bucket Policy \(dts-none\): NoSuchBucket"):
        policies().create(request(name="dts-none"))


def test_what_is_not_copied_is_refused() -> None:
    inputs = {**request().inputs, "expectedBucketOwner": "me"}
    with pytest.raises(CheckError) as failure:
        policies().check(request(inputs=inputs))
    assert failure.value.path == "expectedBucketOwner"
    assert policies().check(request(inputs={"bucket": NAME, "policy": POLICY})) == request().inputs
