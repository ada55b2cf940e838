"""The stand-in's aws:s3/bucket:Bucket on the world's SeaweedFS, compared with what was seen of the real provider."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from object_store.policies import deny_deletion
from sandbox.plugins.aws import Aws
from sandbox.plugins.base import CheckError, ProviderError, Request, ResourceType
from sandbox.plugins.values import UNKNOWN
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from tests.sandbox.engine import Stack, dead_port, engine_environment, provider, resource

pytestmark = pytest.mark.sandbox

TYPE = "aws:s3/bucket:Bucket"
NAMES = ["plugins-aws-one", "plugins-aws-two"]


@pytest.fixture(scope="module")
def s3(world: Connections) -> Iterator[Any]:
    keys = world.s3_identities["provisioner"]
    client = boto3.client(
        "s3",
        endpoint_url=world.s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key.get_secret_value(),
        config=Config(s3={"addressing_style": "path"}),
    )
    yield client
    for name in NAMES:
        if exists(client, name):
            client.delete_bucket(Bucket=name)


def exists(client: Any, name: str) -> bool:
    return name in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}


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


def request(name: str, **fields: Any) -> Request:
    inputs = {"bucket": name, "forceDestroy": False, "region": "us-east-1", **fields.pop("inputs", {})}
    return Request(urn="urn", type=TYPE, name=name, id=name, inputs=inputs, **fields)


def test_a_bucket_through_its_life(
    world: Connections, s3: Any, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    stack = Stack(tmp_path_factory.mktemp("aws") / "project", environment)
    one = NAMES[0]
    settings = config(world)
    aws = provider("aws", **{**settings, "secretKey": {"$secret": settings["secretKey"]}})
    stack.must_up(aws, resource(TYPE, "data", {"bucket": one}))
    assert exists(s3, one)
    made = stack.state()["data"]
    assert (made["id"], made["inputs"]) == (one, {"bucket": one, "forceDestroy": False, "region": "us-east-1"})
    assert made["outputs"]["arn"] == f"arn:aws:s3:::{one}"
    assert made["outputs"]["bucketDomainName"] == f"{one}.s3.amazonaws.com"
    assert "ciphertext" in stack.state()["aws"]["inputs"]["secretKey"]

    s3.delete_bucket(Bucket=one)
    gone = stack.preview(aws, resource(TYPE, "data", {"bucket": one}), options=("--refresh",))
    assert gone.op("data") == "create"
    assert stack.up(options=("--refresh",)).code == 0
    assert exists(s3, one)
    assert stack.run("destroy", "--yes", "--skip-preview").code == 0
    assert not exists(s3, one)


@pytest.mark.parametrize(
    ("change", "replaces"),
    [({"bucket": "other"}, {"bucket"}), ({"region": "eu"}, {"region"}), ({"forceDestroy": True}, set())],
)
def test_name_and_region_replace(world: Connections, change: dict[str, Any], replaces: set[str]) -> None:
    found = bucket(world).diff(request("b", inputs=change, old_inputs=request("b").inputs))
    assert set(found.changes) == set(change)
    assert found.replaces == replaces


def test_preview_of_a_create_contacts_nothing() -> None:
    aws = Aws()
    aws.configure({"endpoints": UNKNOWN})
    name, outputs = aws.resource_type(TYPE).create(request("b", preview=True))
    assert name == ""
    assert {key for key, value in outputs.items() if value is UNKNOWN} == {
        "arn",
        "bucketDomainName",
        "bucketRegionalDomainName",
        "hostedZoneId",
    }


def test_existing_bucket_is_not_adopted(world: Connections, s3: Any) -> None:
    name = NAMES[1]
    s3.create_bucket(Bucket=name)
    with pytest.raises(ProviderError, match=rf"creating S3 Bucket \({name}\): BucketAlreadyOwnedByYou"):
        bucket(world).create(request(name))
    s3.delete_bucket(Bucket=name)


def test_reading_a_bucket_that_is_gone(world: Connections) -> None:
    assert bucket(world).read(request("plugins-aws-none")) is None


def test_deleting_is_left_to_the_server(world: Connections, s3: Any) -> None:
    """SeaweedFS drops a bucket that holds objects, force_destroy or not."""
    name = NAMES[1]
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/b", Body=b"kept?")
    bucket(world).delete(request(name, state={"forceDestroy": False}))
    assert not exists(s3, name)
    bucket(world).delete(request(name))  # and once more: it is gone already


def test_force_destroy_empties_first(world: Connections, s3: Any) -> None:
    name = NAMES[1]
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/b", Body=b"x")
    bucket(world).delete(request(name, state={"forceDestroy": True}))
    assert not exists(s3, name)
    with pytest.raises(ClientError):
        s3.get_object(Bucket=name, Key="a/b")


def test_wrong_keys_are_refused_by_name_of_endpoint_and_not_of_key(world: Connections) -> None:
    wrong = bucket(world, secretKey="not-the-secret")
    with pytest.raises(ProviderError) as failure:
        wrong.create(request(NAMES[0]))
    assert world.s3_endpoint in str(failure.value)
    keys = world.s3_identities["provisioner"]
    for secret in ("not-the-secret", keys.access_key, keys.secret_key.get_secret_value()):
        assert secret not in str(failure.value)


def test_unreachable_endpoint_is_named(world: Connections) -> None:
    endpoint = f"http://127.0.0.1:{dead_port()}"
    away = bucket(world, endpoints=json.dumps([{"s3": endpoint}]))
    with pytest.raises(ProviderError, match=f"Could not connect to the endpoint URL.*{endpoint}"):
        away.create(request(NAMES[0]))


def test_without_an_endpoint_nothing_goes_to_amazon(world: Connections) -> None:
    with pytest.raises(ProviderError, match="never calls Amazon"):
        bucket(world, endpoints=None).create(request(NAMES[0]))


@pytest.mark.parametrize("key", ["tags", "versioning", "lifecycleRules", "bucketPrefix"])
def test_what_is_not_copied_is_refused(world: Connections, key: str) -> None:
    with pytest.raises(CheckError) as failure:
        bucket(world).check(request("b", inputs={key: {"a": "b"}}))
    assert failure.value.path == key


def test_other_resource_types_are_refused() -> None:
    with pytest.raises(ProviderError, match="no stand-in for aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"):
        Aws().resource_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")


def test_this_seaweedfs_has_no_policies(world: Connections, s3: Any) -> None:
    """So the program must ask for none (settings/seaweedfs.py); what the stand-in does with them, moto shows."""
    aws = Aws()
    aws.configure(config(world))
    s3.create_bucket(Bucket=NAMES[1])
    wanted = {"bucket": NAMES[1], "policy": deny_deletion(NAMES[1]), "region": "us-east-1"}
    with pytest.raises(ProviderError, match=rf"putting S3 Bucket Policy \({NAMES[1]}\): NotImplemented"):
        aws.resource_type("aws:s3/bucketPolicy:BucketPolicy").create(Request("urn", "policy", "b", inputs=wanted))
    s3.delete_bucket(Bucket=NAMES[1])
