"""The stand-in's buckets and what is set on them, on the world's SeaweedFS and through the engine.

What needs no server is in tests/unit/test_aws_standin.py, what the server says to each call in test_seaweedfs.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.plugins.aws import Aws
from sandbox.plugins.base import ProviderError, Request, ResourceType
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.object_store.policies import deny_deletion
from tests.sandbox.engine import Stack, dead_port, engine_environment, provider, resource
from tests.sandbox.reach import remove_bucket
from tests.sandbox.reach import s3 as s3_of

pytestmark = pytest.mark.sandbox

TYPE = "aws:s3/bucket:Bucket"
NAME = "plugins-aws"
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "policy": ("bucketPolicy:BucketPolicy", {"policy": deny_deletion(NAME)}),
    "versioning": ("bucketVersioning:BucketVersioning", {"versioningConfiguration": {"status": "Enabled"}}),
    "lifecycle": (
        "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "rules": [
                {
                    "id": "abort-incomplete-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 2},
                },
                {"id": "expire-objects", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 97}},
            ]
        },
    ),
    "encryption": (
        "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
    ),
}
"""What components/buckets.py sets, by a short name, one after the other."""


@pytest.fixture
def s3(world: Connections) -> Iterator[Any]:
    client = s3_of(world)
    yield client
    remove_bucket(client, NAME)


def exists(client: Any) -> bool:
    return NAME in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}


def config(world: Connections) -> dict[str, Any]:
    """The provider's inputs as its SDK hands them over: JSON text for all but strings."""
    keys = world.s3_identities["provisioner"]
    return {
        "accessKey": keys.access_key,
        "secretKey": keys.secret_key.get_secret_value(),
        "region": "us-east-1",
        "endpoints": json.dumps([{"s3": world.s3_endpoint}]),
        "s3UsePathStyle": "true",
        "skipCredentialsValidation": "true",
        "skipRequestingAccountId": "true",
    }


def bucket(world: Connections, **changed: Any) -> ResourceType:
    aws = Aws()
    aws.configure({**config(world), **changed})
    return aws.resource_type(TYPE)


def request(**fields: Any) -> Request:
    inputs = {"bucket": NAME, "forceDestroy": False, "region": "us-east-1"}
    return Request(urn="urn", type=TYPE, name=NAME, id=NAME, inputs=inputs, **fields)


def test_a_bucket_and_all_that_is_set_on_it_through_their_life(
    world: Connections, s3: Any, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    stack = Stack(tmp_path_factory.mktemp("aws") / "project", environment)
    keys = config(world)
    stack.must_up(
        provider("aws", **{**keys, "secretKey": {"$secret": keys["secretKey"]}}),
        resource(TYPE, "data", {"bucket": NAME, "forceDestroy": True}),
        *(
            resource(
                f"aws:s3/{token}",
                name,
                {"bucket": {"$ref": ["data", "bucket"]}, **inputs},
                options={"depends_on_names": [before]},
            )
            for before, (name, (token, inputs)) in zip(["data", *SETTINGS], SETTINGS.items(), strict=False)
        ),
    )
    made = stack.state()
    assert {made[name]["id"] for name in ("data", *SETTINGS)} == {NAME}
    assert made["data"]["inputs"] == {"bucket": NAME, "forceDestroy": True, "region": "us-east-1"}
    assert made["data"]["outputs"]["arn"] == f"arn:aws:s3:::{NAME}"
    assert made["data"]["outputs"]["bucketDomainName"] == f"{NAME}.s3.amazonaws.com"
    assert "ciphertext" in made["aws"]["inputs"]["secretKey"]
    assert stack.preview(options=("--refresh", "--expect-no-changes")).code == 0

    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_policy(Bucket=NAME)
    s3.delete_bucket_lifecycle(Bucket=NAME)
    s3.delete_bucket_encryption(Bucket=NAME)
    drifted = stack.preview(options=("--refresh",))
    assert {name: drifted.op(name) for name in ("data", *SETTINGS)} == {
        "data": "refresh",
        "policy": "create",
        "versioning": "update",
        "lifecycle": "create",
        "encryption": "create",
    }
    assert stack.up(options=("--refresh",)).code == 0
    for body in (b"one", b"two"):
        s3.put_object(Bucket=NAME, Key="tenant/block", Body=body)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_bucket(Bucket=NAME)
    assert stack.run("destroy", "--yes", "--skip-preview").code == 0
    assert not exists(s3)


def test_a_bucket_that_was_made_or_removed_elsewhere(world: Connections, s3: Any) -> None:
    assert bucket(world).read(request()) is None
    bucket(world).delete(request())  # gone already
    s3.create_bucket(Bucket=NAME)
    with pytest.raises(ProviderError, match=rf"creating S3 Bucket \({NAME}\): BucketAlreadyOwnedByYou"):
        bucket(world).create(request())


def test_only_a_forced_delete_takes_what_is_in_a_bucket(world: Connections, s3: Any) -> None:
    s3.create_bucket(Bucket=NAME)
    s3.put_object(Bucket=NAME, Key="a/b", Body=b"x")
    with pytest.raises(ProviderError, match=rf"deleting S3 Bucket \({NAME}\): BucketNotEmpty"):
        bucket(world).delete(request(state={"forceDestroy": False}))
    assert s3.get_object(Bucket=NAME, Key="a/b")["Body"].read() == b"x"
    bucket(world).delete(request(state={"forceDestroy": True}))
    assert not exists(s3)


def test_wrong_keys_are_said_to_be_wrong_and_never_shown(world: Connections) -> None:
    wrong = bucket(world, secretKey="not-the-secret")
    with pytest.raises(ProviderError, match=rf"creating S3 Bucket \({NAME}\): 403") as failure:
        wrong.create(request())
    assert world.s3_endpoint in str(failure.value)
    keys = world.s3_identities["provisioner"]
    for secret in ("not-the-secret", keys.access_key, keys.secret_key.get_secret_value()):
        assert secret not in str(failure.value)


def test_unreachable_endpoint_is_named(world: Connections) -> None:
    endpoint = f"http://127.0.0.1:{dead_port()}"
    away = bucket(world, endpoints=json.dumps([{"s3": endpoint}]))
    with pytest.raises(ProviderError, match=f"Could not connect to the endpoint URL.*{endpoint}"):
        away.create(request())
