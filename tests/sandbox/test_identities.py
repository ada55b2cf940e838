"""The identities that the program renders, on the real SeaweedFS: what each can do, and above all what it cannot."""

import json
import secrets
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.plugins.aws import Aws
from sandbox.plugins.base import ProviderError, Request
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from sandbox.world.seaweedfs import buckets_of
from telemetry.config.credentials import S3Identity
from telemetry.object_store.identities import Identity, identities_of, placeholder, shell_commands
from telemetry.object_store.policies import deny_deletion
from tests.sandbox.deployment import Deployment
from tests.sandbox.reach import remove_bucket, s3
from tests.sandbox.s3_gateway import Gateway, Keyed, address, client, gateway
from tests.support import all_of, load_stack, put

pytestmark = pytest.mark.sandbox

PURPOSES = all_of(
    put("traces.buckets.blocks", "own"),
    put("metrics.buckets", {"blocks": "own", "ruler": "rules", "alertmanager": "alerts"}),
)
"""Other buckets than those that a stack may have left in this world."""
TEST, PROD = load_stack("test", PURPOSES), load_stack("prod", PURPOSES)
BUCKETS = [*TEST.buckets, *PROD.buckets]
TEMPO, MIMIR = "telemetry-prod-traces", "telemetry-prod-metrics"
PROVISIONER, ADMINISTRATOR = "telemetry-prod-provisioner", "administrator"
PART = 5 << 20
"""The smallest size of a part that is not the last, in bytes."""

BUCKETS_OF = {TEMPO: [*PROD.backend("traces").buckets.values()], MIMIR: [*PROD.backend("metrics").buckets.values()]}
each_backend = pytest.mark.parametrize("backend", [TEMPO, MIMIR])


def keyed() -> list[Keyed]:
    """Return the identities of test and prod, which share a server, with fresh keys."""
    return [(each, fresh_keys()) for stack in (TEST, PROD) for each in identities_of(stack).values()]


def fresh_keys() -> S3Identity:
    return S3Identity.model_validate({"access_key": secrets.token_hex(8), "secret_key": secrets.token_hex(16)})


@pytest.fixture(scope="module")
def server(world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway as docs/object-store.md wants it, and every bucket of test and prod, made by their provisioners."""
    folder = tmp_path_factory.mktemp("gateway")
    admin = s3(world)
    known = [*keyed(), (Identity(ADMINISTRATOR, ("Admin",), ()), fresh_keys())]
    with gateway(
        world, toolchain, folder, known, "-allowDeleteBucketNotEmpty=false", "-autoCreateBucket=false"
    ) as found:
        for stack in (TEST, PROD):
            maker = found.client(f"telemetry-{stack.environment}-provisioner")
            for bucket in stack.buckets:
                maker.create_bucket(Bucket=bucket)
                admin.put_object(Bucket=bucket, Key="theirs/block", Body=b"a block")
        yield found
    for bucket in names(admin).intersection(BUCKETS):  # those of a stack that a test has made go with it
        remove_bucket(admin, bucket)


def names(client: Any) -> set[str]:
    return {each["Name"] for each in client.list_buckets()["Buckets"]}


def refused(call: Callable[..., Any], **arguments: Any) -> None:
    with pytest.raises(ClientError) as failure:
        call(**arguments)
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def upload_in_parts(client: Any, bucket: str, key: str) -> None:
    """Write an object as Tempo and Mimir write blocks: two parts, listed and completed."""
    upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    where = {"Bucket": bucket, "Key": key, "UploadId": upload}
    parts = [
        {"PartNumber": number, "ETag": client.upload_part(**where, PartNumber=number, Body=body)["ETag"]}
        for number, body in ((1, b"a" * PART), (2, b"b"))
    ]
    assert [each["PartNumber"] for each in client.list_parts(**where)["Parts"]] == [1, 2]
    client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})


@each_backend
def test_a_backend_does_all_that_it_needs_in_its_own_buckets(server: Gateway, backend: str) -> None:
    own = server.client(backend)
    for bucket in BUCKETS_OF[backend]:
        own.head_bucket(Bucket=bucket)
        own.put_object(Bucket=bucket, Key="tenant/one", Body=b"one")
        assert own.get_object(Bucket=bucket, Key="tenant/one")["Body"].read() == b"one"
        assert own.get_object(Bucket=bucket, Key="tenant/one", Range="bytes=1-2")["Body"].read() == b"ne"
        upload_in_parts(own, bucket, "tenant/two")
        assert own.head_object(Bucket=bucket, Key="tenant/two")["ContentLength"] == PART + 1
        listed = own.list_objects_v2(Bucket=bucket, Prefix="tenant/")["Contents"]
        assert [each["Key"] for each in listed] == ["tenant/one", "tenant/two"]
        tenants = own.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
        assert {"Prefix": "tenant/"} in tenants
        abandoned = own.create_multipart_upload(Bucket=bucket, Key="tenant/three")["UploadId"]
        own.abort_multipart_upload(Bucket=bucket, Key="tenant/three", UploadId=abandoned)
        own.delete_object(Bucket=bucket, Key="tenant/one")
        own.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "tenant/two"}]})
        assert "Contents" not in own.list_objects_v2(Bucket=bucket, Prefix="tenant/")
    assert names(own) == set(BUCKETS_OF[backend])


@pytest.mark.parametrize(
    ("backend", "others"),
    [
        (TEMPO, [*BUCKETS_OF[MIMIR], *TEST.buckets]),
        (MIMIR, [*BUCKETS_OF[TEMPO], *TEST.buckets]),
        ("telemetry-test-traces", [*PROD.buckets, *TEST.backend("metrics").buckets.values()]),
        ("telemetry-test-metrics", [*PROD.buckets, *TEST.backend("traces").buckets.values()]),
    ],
)
def test_a_backend_can_do_nothing_in_a_bucket_of_somebody_else(
    server: Gateway, world: Connections, backend: str, others: list[str]
) -> None:
    own = server.client(backend)
    for bucket in others:
        where = {"Bucket": bucket, "Key": "theirs/block"}
        refused(own.get_object, **where)
        refused(own.head_object, **where)
        refused(own.put_object, **where, Body=b"mine")
        refused(own.delete_object, **where)
        refused(own.create_multipart_upload, **where)
        refused(own.put_object_tagging, **where, Tagging={"TagSet": []})
        refused(own.list_objects_v2, Bucket=bucket)
        refused(own.list_objects, Bucket=bucket)
        refused(own.list_multipart_uploads, Bucket=bucket)
        refused(own.head_bucket, Bucket=bucket)
        denied = own.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "theirs/block"}]})["Errors"]
        assert [each["Code"] for each in denied] == ["AccessDenied"]
        refused(own.delete_bucket, Bucket=bucket)
        body = s3(world).get_object(**where)["Body"].read()
        assert body == b"a block"
    assert not names(own) & set(others)


@each_backend
@pytest.mark.parametrize("bucket", ["dts-traces-prod-ow", "dts-traces-prod-own2", "dts-metrics-prod-rule", "new"])
def test_a_mistyped_bucket_is_refused_and_not_made(
    server: Gateway, world: Connections, backend: str, bucket: str
) -> None:
    own = server.client(backend)
    refused(own.put_object, Bucket=bucket, Key="a", Body=b"b")
    refused(own.create_multipart_upload, Bucket=bucket, Key="a")
    refused(own.create_bucket, Bucket=bucket)
    assert bucket not in names(s3(world))


def test_a_typing_error_of_the_administrator_makes_no_bucket(server: Gateway, world: Connections) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        server.client(ADMINISTRATOR).put_object(Bucket="dts-traces-prod-ow", Key="a", Body=b"b")
    assert "dts-traces-prod-ow" not in names(s3(world))


def test_a_backend_cannot_read_anothers_bucket_by_copying(server: Gateway) -> None:
    theirs = {"Bucket": BUCKETS_OF[MIMIR][0], "Key": "theirs/block"}
    own = server.client(TEMPO)
    refused(own.copy_object, Bucket=BUCKETS_OF[TEMPO][0], Key="stolen", CopySource=theirs)


@each_backend
def test_a_backend_neither_deletes_its_bucket_nor_changes_what_is_set_on_it(
    server: Gateway, world: Connections, backend: str
) -> None:
    own, admin = server.client(backend), s3(world)
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    for bucket in BUCKETS_OF[backend]:
        refused(own.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
        refused(own.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        refused(own.put_bucket_policy, Bucket=bucket, Policy=deny_deletion(bucket))
        refused(own.delete_bucket_policy, Bucket=bucket)
        refused(own.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
        refused(own.put_bucket_acl, Bucket=bucket, ACL="public-read")
        admin.delete_object(Bucket=bucket, Key="theirs/block")
        refused(own.delete_bucket, Bucket=bucket)
        admin.put_object(Bucket=bucket, Key="theirs/block", Body=b"a block")


def test_the_provisioner_has_its_own_stack_and_no_other(server: Gateway, world: Connections) -> None:
    maker = server.client(PROVISIONER)
    assert names(maker) == set(PROD.buckets)
    for bucket in TEST.buckets:
        refused(maker.delete_bucket, Bucket=bucket)
        refused(maker.list_objects_v2, Bucket=bucket)
    for bucket in ("dts-traces-prod-ow", "dts-traces-dev-own", "new"):
        refused(maker.create_bucket, Bucket=bucket)
        refused(maker.put_object, Bucket=bucket, Key="a", Body=b"b")
        assert bucket not in names(s3(world))


def test_the_program_makes_and_removes_buckets_as_the_provisioner(server: Gateway, world: Connections) -> None:
    aws, keys = Aws(), server.keys[PROVISIONER]
    aws.configure(
        {
            "accessKey": keys.access_key.get_secret_value(),
            "secretKey": keys.secret_key.get_secret_value(),
            "endpoints": [{"s3": server.url}],
            "s3UsePathStyle": "true",
        }
    )
    bucket = aws.resource_type("aws:s3/bucket:Bucket")
    name = PROD.backend("metrics").buckets["ruler"]

    def request(name: str) -> Request:
        return Request("urn", "aws:s3/bucket:Bucket", name, name, {"bucket": name, "region": "us-east-1"})

    remove_bucket(s3(world), name)
    for _ in range(2):
        bucket.create(request(name))
        assert name in names(s3(world))
        bucket.delete(request(name))
        assert bucket.read(request(name)) is None
    with pytest.raises(ProviderError, match=r"creating S3 Bucket \(dts-metrics-prod-rule\): 403"):
        bucket.create(request("dts-metrics-prod-rule"))
    bucket.create(request(name))
    s3(world).put_object(Bucket=name, Key="theirs/block", Body=b"a block")


def test_the_worlds_own_gateway_runs_on_what_the_program_renders(server: Gateway, world: Connections) -> None:
    assert server
    own = s3(world, "traces")
    assert names(own) == set(buckets_of("traces")) & names(s3(world))
    refused(own.list_objects_v2, Bucket=PROD.backend("metrics").buckets["blocks"])


def test_the_shell_understands_what_it_is_told(world: Connections, toolchain: Toolchain) -> None:
    """Without -apply it shows what it would write, and writes nothing: every gateway of the world would read it."""
    lines = shell_commands(keyed())
    said = "".join(f"{line.removesuffix(' -apply')}\n" for line in lines)
    done = subprocess.run(
        [str(toolchain.path("weed")), "shell", *(f"-{role}={address(world, role)}" for role in ("master", "filer"))],
        input=said + "exit\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    for line in lines:
        given = dict(option.removeprefix("-").split("=", 1) for option in shlex.split(line)[1:-1])
        assert f'"name":"{given["user"]}"' in done.stdout.replace(" ", ""), done.stdout + done.stderr
        for bucket in given["buckets"].split(","):
            for verb in given["actions"].split(","):
                assert f'"{verb}:{bucket}"' in done.stdout


@pytest.mark.usefixtures("server")
def test_placeholders_are_filled_in_by_the_server(world: Connections, toolchain: Toolchain, tmp_path: Path) -> None:
    identity, pair = identities_of(PROD)["traces"], fresh_keys()
    written = placeholder(identity)
    values = {
        written.access_key.get_secret_value(): pair.access_key.get_secret_value(),
        written.secret_key.get_secret_value(): pair.secret_key.get_secret_value(),
    }
    variables = {name.strip("${}"): value for name, value in values.items()}
    with gateway(world, toolchain, tmp_path, [(identity, written)], variables=variables) as found:
        assert names(client(found.url, pair)) == set(BUCKETS_OF[TEMPO])


def test_the_keys_of_a_stack_go_from_the_engine_into_the_file(test: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "s3.json"
    printed = test.command("identities", "--with-secrets", "--output", str(file))
    identities = json.loads(file.read_text())["identities"]
    keys = {place: test.connections.s3_identities[place] for place in identities_of(TEST)}  # of no Loki or Pyroscope
    assert {each["name"]: each["credentials"][0] for each in identities} == {
        f"telemetry-test-{name}": {"accessKey": pair.access_key, "secretKey": pair.secret_key.get_secret_value()}
        for name, pair in keys.items()
    }
    assert not any(pair.secret_key.get_secret_value() in printed for pair in keys.values())
