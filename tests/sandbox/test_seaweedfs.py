"""What telemetry/config/seaweedfs.py says of SeaweedFS, and every call of the real aws provider for our resources.

All of it on the real server, with the identity that the program renders for Pulumi: what it has no right to shows here.
"""

import secrets
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.plugins.aws_bucket import READS
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from sandbox.world.seaweedfs import VERSION
from telemetry.config.credentials import S3Identity
from telemetry.config.seaweedfs import FEATURES, parse_version
from telemetry.object_store.identities import Identity, provisioner
from telemetry.object_store.policies import deny_deletion
from tests.sandbox.lifecycle import carry_out, make_older
from tests.sandbox.reach import remove_bucket
from tests.sandbox.reach import s3 as admin_of
from tests.sandbox.s3_gateway import Gateway, gateway

pytestmark = pytest.mark.sandbox

NAME = "dts-traces-test-seaweedfs"
NONE = "dts-traces-test-none"
MAKER, ADMINISTRATOR = "telemetry-test-provisioner", "administrator"
BLOCK = {"Bucket": NAME, "Key": "tenant/block"}
LIFECYCLE = {
    "Rules": [
        {
            "ID": "abort-incomplete-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        }
    ]
}
EXPIRY = {
    "Rules": [{"ID": "expire-objects", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}]
}
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


@pytest.fixture(scope="module")
def server(world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway without a key for encryption, as a server has none before somebody gives it one."""
    identities = [provisioner(MAKER, [NAME, NONE]), Identity(ADMINISTRATOR, ("Admin",), ())]
    keyed = [
        (each, S3Identity.model_validate({"access_key": secrets.token_hex(8), "secret_key": secrets.token_hex(16)}))
        for each in identities
    ]
    with gateway(world, toolchain, tmp_path_factory.mktemp("gateway"), keyed) as found:
        yield found


@pytest.fixture
def s3(server: Gateway) -> Iterator[Any]:
    """A client of the provisioner, and a bucket that it has made."""
    client = server.client(MAKER)
    client.create_bucket(Bucket=NAME)
    yield client
    remove_bucket(server.client(ADMINISTRATOR), NAME)


def said(call: Callable[..., Any], **arguments: Any) -> tuple[int, Any]:
    """Return the status of an answer, and its content or the code of its error."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return answer.pop("ResponseMetadata")["HTTPStatusCode"], answer


ANSWERS: dict[str, tuple[int, Any]] = {
    "get_bucket_policy": (404, "NoSuchBucketPolicy"),
    "get_bucket_cors": (404, "NoSuchCORSConfiguration"),
    "get_bucket_website": (404, "NoSuchWebsiteConfiguration"),
    "get_bucket_versioning": (200, {}),
    "get_bucket_accelerate_configuration": (200, {"Status": "Suspended"}),
    "get_bucket_request_payment": (200, {"Payer": "BucketOwner"}),
    "get_bucket_logging": (200, {}),
    "get_bucket_lifecycle_configuration": (404, "NoSuchLifecycleConfiguration"),
    "get_bucket_replication": (404, "ReplicationConfigurationNotFoundError"),
    "get_bucket_encryption": (404, "ServerSideEncryptionConfigurationNotFoundError"),
    "get_object_lock_configuration": (404, "ObjectLockConfigurationNotFoundError"),
    "get_bucket_location": (200, {"LocationConstraint": None}),
    "get_bucket_tagging": (404, "NoSuchTagSet"),
}
"""What the provider is told when it reads a bucket on which nothing is set, and what it takes for that."""


def test_each_read_of_a_bucket_has_the_answer_that_the_provider_needs(s3: Any) -> None:
    assert {*ANSWERS, "get_bucket_acl"} == READS.keys()
    assert said(s3.head_bucket, Bucket=NAME)[0] == 200
    assert {each: said(getattr(s3, each), Bucket=NAME) for each in ANSWERS} == ANSWERS
    owner = s3.get_bucket_acl(Bucket=NAME)
    assert [(grant["Grantee"]["ID"], grant["Permission"]) for grant in owner["Grants"]] == [
        (owner["Owner"]["ID"], "FULL_CONTROL")
    ]


def test_a_bucket_that_is_gone_is_told_from_one_that_is_somebody_elses(server: Gateway) -> None:
    maker = server.client(MAKER)
    assert said(maker.head_bucket, Bucket=NONE) == (404, "404")
    assert said(maker.delete_bucket, Bucket=NONE) == (404, "NoSuchBucket")
    reads = READS.keys() - {"get_bucket_request_payment"}  # says the same of every bucket; the provider asks HEAD first
    assert {said(getattr(maker, each), Bucket=NONE) for each in reads} == {(404, "NoSuchBucket")}
    assert said(maker.head_bucket, Bucket="somebody-elses") == (403, "403")


def test_each_call_that_changes_something_is_answered_and_kept(s3: Any) -> None:
    assert said(s3.create_bucket, Bucket=NAME) == (409, "BucketAlreadyOwnedByYou")

    assert said(s3.put_bucket_versioning, Bucket=NAME, VersioningConfiguration={"Status": "Enabled"}) == (200, {})
    assert said(s3.get_bucket_versioning, Bucket=NAME) == (200, {"Status": "Enabled"})
    assert said(s3.put_bucket_versioning, Bucket=NAME, VersioningConfiguration={"Status": "Suspended"}) == (200, {})

    # Without the header the provider would wait for three minutes and give up.
    kept = {**LIFECYCLE, "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K"}
    assert said(s3.put_bucket_lifecycle_configuration, Bucket=NAME, LifecycleConfiguration=LIFECYCLE)[0] == 200
    assert said(s3.get_bucket_lifecycle_configuration, Bucket=NAME) == (200, kept)
    assert said(s3.delete_bucket_lifecycle, Bucket=NAME) == (204, {})

    assert said(s3.put_bucket_policy, Bucket=NAME, Policy=deny_deletion(NAME)) == (204, {})
    policy = s3.get_bucket_policy(Bucket=NAME)["Policy"]
    assert "NotResource" not in policy
    assert said(s3.delete_bucket_policy, Bucket=NAME) == (204, {})

    ask = {"Bucket": NAME, "ServerSideEncryptionConfiguration": ENCRYPTION}
    assert said(s3.put_bucket_encryption, **ask) == (200, {})
    (rule,) = s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule == {**ENCRYPTION["Rules"][0], "BucketKeyEnabled": False}
    assert said(s3.delete_bucket_encryption, Bucket=NAME) == (204, {})

    # Not for our resources: the provider's own tags.
    assert said(s3.put_bucket_tagging, Bucket=NAME, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}) == (200, {})
    assert said(s3.get_bucket_tagging, Bucket=NAME) == (200, {"TagSet": [{"Key": "a", "Value": "b"}]})
    assert said(s3.delete_bucket_tagging, Bucket=NAME) == (204, {})

    assert {each: said(getattr(s3, each), Bucket=NAME) for each in ANSWERS} == {
        **ANSWERS,
        "get_bucket_versioning": (200, {"Status": "Suspended"}),
    }
    assert said(s3.delete_bucket, Bucket=NAME) == (204, {})


def honours_buckets(_: Gateway, s3: Any) -> bool:
    s3.put_object(**BLOCK, Body=b"block")
    return bool([each["Key"] for each in s3.list_objects_v2(Bucket=NAME)["Contents"]] == [BLOCK["Key"]])


def honours_versioning(_: Gateway, s3: Any) -> bool:
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(**BLOCK, Body=b"first")["VersionId"]
    s3.put_object(**BLOCK, Body=b"second")
    s3.delete_object(**BLOCK)
    assert said(s3.get_object, **BLOCK) == (404, "NoSuchKey")
    return bool(s3.get_object(**BLOCK, VersionId=first)["Body"].read() == b"first")


def honours_tags(_: Gateway, s3: Any) -> bool:
    """Make the bucket as the provider makes one with tags: they are part of the call."""
    s3.delete_bucket(Bucket=NAME)
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"Tags": [{"Key": "team", "Value": "dts"}]})
    return said(s3.get_bucket_tagging, Bucket=NAME)[0] == 200


def honours_lifecycles(_: Gateway, s3: Any) -> bool:
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration=LIFECYCLE)
    moved = {"ID": "a", "Status": "Enabled", "Prefix": "", "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
    refused = said(s3.put_bucket_lifecycle_configuration, Bucket=NAME, LifecycleConfiguration={"Rules": [moved]})
    assert refused == (501, "NotImplemented")
    return bool(s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"] == LIFECYCLE["Rules"])


def honours_expiry(_: Gateway, s3: Any) -> bool:
    """That it is kept; what then becomes of objects, see below."""
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration=EXPIRY)
    return bool(s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"] == EXPIRY["Rules"])


def honours_policies(server: Gateway, s3: Any) -> bool:
    """The bucket is empty, so that nothing but the policy keeps it from the server's administrator."""
    s3.put_bucket_policy(Bucket=NAME, Policy=deny_deletion(NAME))
    denied = [said(each.delete_bucket, Bucket=NAME) for each in (s3, server.client(ADMINISTRATOR))]
    s3.put_object(**BLOCK, Body=b"block")
    s3.delete_object(**BLOCK)
    return denied == [(403, "AccessDenied")] * 2


def honours_encryption(_: Gateway, s3: Any) -> bool:
    """Without a key, all that happens is that nothing can be written: what it is like with one, see below."""
    s3.put_bucket_encryption(Bucket=NAME, ServerSideEncryptionConfiguration=ENCRYPTION)
    return said(s3.put_object, **BLOCK, Body=b"block") == (500, "InternalError")


def honours_public_access_blocks(_: Gateway, s3: Any) -> bool:
    s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration=CLOSED)
    assert said(s3.put_bucket_acl, Bucket=NAME, ACL="public-read")[0] == 403
    return said(s3.get_public_access_block, Bucket=NAME) == (200, {"PublicAccessBlockConfiguration": CLOSED})


PROOFS: dict[str, Callable[[Gateway, Any], bool]] = {
    "aws:s3/bucket:Bucket": honours_buckets,
    "aws:s3/bucketVersioning:BucketVersioning": honours_versioning,
    "aws:s3/bucket:Bucket.tags": honours_tags,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": honours_lifecycles,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration.expiration": honours_expiry,
    "aws:s3/bucketPolicy:BucketPolicy": honours_policies,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": honours_encryption,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": honours_public_access_blocks,
}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.resource.rpartition(":")[2])
def test_the_table_of_features_says_what_this_version_does(server: Gateway, s3: Any, feature: Any) -> None:
    said_to = feature.since is not None and parse_version(VERSION) >= feature.since
    assert PROOFS[feature.resource](server, s3) is said_to


def test_an_object_ends_when_it_is_older_than_its_bucket_lets_it_be(
    world: Connections, toolchain: Toolchain, s3: Any
) -> None:
    """A day more, and a day less; and it is the rule of the day that counts, not the one it was written under."""
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration=EXPIRY)
    for days in (91, 89):
        s3.put_object(Bucket=NAME, Key=f"tenant/{days}", Body=b"block")
        make_older(world, NAME, f"tenant/{days}", days)
    said_of_it = carry_out(world, toolchain)
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=NAME)["Contents"]] == ["tenant/89"], said_of_it
    s3.delete_bucket_lifecycle(Bucket=NAME)
    make_older(world, NAME, "tenant/89", 365)
    said_of_it = carry_out(world, toolchain)
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=NAME)["Contents"]] == ["tenant/89"], said_of_it


def test_with_a_key_what_is_written_is_encrypted(world: Connections) -> None:
    """The world's own gateway has one."""
    s3 = admin_of(world)
    s3.create_bucket(Bucket=NAME)
    s3.put_bucket_encryption(Bucket=NAME, ServerSideEncryptionConfiguration=ENCRYPTION)
    s3.put_object(**BLOCK, Body=b"block")
    read = s3.get_object(**BLOCK)
    assert (read["ServerSideEncryption"], read["Body"].read()) == ("AES256", b"block")
    remove_bucket(s3, NAME)


def test_a_bucket_with_anything_in_it_is_not_deleted_not_even_by_the_administrator(server: Gateway, s3: Any) -> None:
    """Up to 4.44 a server had to be told to; old versions and delete markers did not count."""
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(**BLOCK, Body=b"block")
    for _ in range(2):
        assert said(server.client(ADMINISTRATOR).delete_bucket, Bucket=NAME) == (409, "BucketNotEmpty")
        s3.delete_object(**BLOCK)
    assert "Contents" not in s3.list_objects_v2(Bucket=NAME)


STEPS = 250
KEYS = [f"{tenant}{rest}" for tenant in ("a", "ab", "b") for rest in ("", "/1/meta", "/1/data", "/10/meta", "/2/x/y")]


def listed(s3: Any, **arguments: Any) -> tuple[list[str], list[str]]:
    """Return keys and common prefixes of all pages, three entries each."""
    pages = list(
        s3.get_paginator("list_objects_v2").paginate(Bucket=NAME, PaginationConfig={"PageSize": 3}, **arguments)
    )
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return keys, [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]


def test_a_listing_has_all_that_is_there_and_no_key_that_is_not(s3: Any) -> None:
    """What compactors rely on, and what versions below 4.42 got wrong: directories that were emptied, prefixes that end
    within a name, a key that is also the beginning of another. A directory that was emptied is itself listed for up to
    two minutes more (filer.options.s3.empty_folder_cleanup_delay).
    """
    rng, there, before = Random(453), set[str](), set[str]()
    for _ in range(STEPS):
        key = rng.choice(KEYS)
        if key in there:
            s3.delete_object(Bucket=NAME, Key=key)
            there.remove(key)
        else:
            s3.put_object(Bucket=NAME, Key=key, Body=b"x")
            there.add(key)
            before.add(key)
        prefix = rng.choice(("", "a", "a/", "a/1", "a/1/", "ab/", "b/2"))
        wanted = sorted(each for each in there if each.startswith(prefix))
        assert listed(s3, Prefix=prefix) == (wanted, [])
        keys, folders = listed(s3, Prefix=prefix, Delimiter="/")
        assert keys == [each for each in wanted if "/" not in each[len(prefix) :]]
        assert folders_of(there, prefix) <= set(folders) <= folders_of(before, prefix)
        assert folders == sorted(set(folders))


def folders_of(keys: set[str], prefix: str) -> set[str]:
    parts = {each[len(prefix) :].partition("/") for each in keys if each.startswith(prefix)}
    return {f"{prefix}{first}/" for first, slash, _ in parts if slash}
