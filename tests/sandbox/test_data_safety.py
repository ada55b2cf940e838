"""What could lose the buckets of a protected stack, tried on the real engine: the data stays, and it says what to do.

The S3 gateway deletes a bucket with everything in it, as SeaweedFS does by default up to 4.44: so what is proven here
is the program's own guard. Buckets are made with the identities that the program renders, not by the server's
administrator.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.toolchain import Toolchain
from telemetry.config.credentials import S3Identity
from telemetry.object_store.identities import identities_of, provisioner
from tests.sandbox.deployment import Deployment
from tests.sandbox.s3_gateway import gateway
from tests.support import load_stack

pytestmark = pytest.mark.sandbox

STACK = load_stack("test")
RULER, RENAMED = STACK.backend("metrics").buckets["ruler"], "dts-metrics-test-rules"
CONTENT = b"a block that nobody has elsewhere"
ON_PURPOSE = "pulumi state unprotect"


@pytest.fixture(scope="module")
def deployed(test: Deployment, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The test stack with data in every bucket, made through a gateway that knows the stack's identities alone."""
    keys = {name: S3Identity.model_validate(pair.model_dump()) for name, pair in test.connections.s3_identities.items()}
    identities = identities_of(STACK)
    # As somebody who means to rename a bucket has it, lest a missing right be taken for the guard.
    identities["provisioner"] = provisioner("telemetry-test-provisioner", (*STACK.buckets, RENAMED))
    keyed = [(identity, keys[place]) for place, identity in identities.items()]
    with (
        gateway(
            test.connections, toolchain, tmp_path_factory.mktemp("gateway"), keyed, "-allowDeleteBucketNotEmpty=true"
        ) as server,
        test.edited(lambda config: config["telemetry:object_store"].update(provisioning_endpoint=server.url)),
    ):
        test.up()
        for bucket in STACK.buckets:
            test.s3.put_object(Bucket=bucket, Key="tenant/block", Body=CONTENT)
        yield test


def rename(config: dict[str, Any]) -> None:
    config["telemetry:metrics"].setdefault("buckets", {}).update(ruler="rules")


def unharmed(deployment: Deployment, *, beside: frozenset[str] = frozenset()) -> None:
    assert deployment.buckets() == {*STACK.buckets, *beside}
    for bucket in STACK.buckets:
        assert deployment.s3.get_object(Bucket=bucket, Key="tenant/block")["Body"].read() == CONTENT


def refused(deployment: Deployment, command: str, *options: str) -> str:
    """Run a command as a person would, preview included, and return what it says; it has to fail."""
    done = deployment.pulumi(command, "--yes", *options)
    assert done.returncode != 0, done.stdout
    unharmed(deployment)
    return " ".join((done.stdout + done.stderr).split())


def urn(deployment: Deployment, bucket: str, kind: str = "bucket:Bucket") -> str:
    urns = (str(each["urn"]) for each in deployment.resources())
    (found,) = [each for each in urns if each.endswith(f"aws:s3/{kind}::{bucket}")]
    return found


def running(deployment: Deployment) -> dict[str, str]:
    """Return what a refused command must not have changed."""
    return {**deployment.releases(), **{name: str(ready) for name, ready in deployment.pods().items()}}


def test_the_buckets_are_made_by_the_provisioner_that_the_program_renders(deployed: Deployment) -> None:
    unharmed(deployed)
    (provider,) = [each for each in deployed.resources() if each["type"] == "pulumi:providers:aws"]
    assert deployed.connections.s3_endpoint not in str(provider["inputs"]["endpoints"])


def test_destroy_is_refused_before_anything_goes(deployed: Deployment) -> None:
    before = running(deployed)
    said = refused(deployed, "destroy")
    assert ON_PURPOSE in said
    assert "protected" in said
    assert running(deployed) == before


def test_a_renamed_purpose_is_refused_before_anything_is_made(deployed: Deployment) -> None:
    before = running(deployed)
    with deployed.edited(rename):
        said = refused(deployed, "up")
    assert ON_PURPOSE in said
    assert RULER in said
    assert running(deployed) == before


def test_a_bucket_that_is_removed_alone_is_refused(deployed: Deployment) -> None:
    assert ON_PURPOSE in refused(deployed, "destroy", "--target", urn(deployed, RULER), "--target-dependents")


def test_another_environments_settings_are_refused(deployed: Deployment) -> None:
    before = running(deployed)
    with deployed.edited(lambda config: config.update({"telemetry:environment": "dev"})):
        said = refused(deployed, "up")
    assert "the stack is named 'test'" in said
    assert "correct Pulumi.test.yaml" in said
    assert running(deployed) == before


def test_a_property_that_would_replace_the_buckets_is_refused(deployed: Deployment) -> None:
    with deployed.edited(lambda config: config["telemetry:object_store"].update(region="eu-central-1")):
        said = refused(deployed, "up")
    assert "unable to replace resource" in said
    assert "protect" in said


def unprotect(deployment: Deployment, bucket: str) -> None:
    urns = [urn(deployment, bucket, kind) for kind in ("bucket:Bucket", "bucketPolicy:BucketPolicy")]
    deployment.engine.in_project("state", "unprotect", *urns, "--yes", "-s", deployment.stack)


def buckets_in_state(deployment: Deployment) -> set[str]:
    return {each["id"] for each in deployment.resources() if each["type"] == "aws:s3/bucket:Bucket"}


def test_a_purpose_is_renamed_on_purpose_and_the_old_bucket_kept(deployed: Deployment) -> None:
    unprotect(deployed, RULER)
    with deployed.edited(rename):
        deployed.up()
    assert buckets_in_state(deployed) == {*STACK.buckets, RENAMED} - {RULER}
    unharmed(deployed, beside=frozenset({RENAMED}))


def test_the_old_bucket_keeps_its_policy_which_holds_even_against_the_administrator(deployed: Deployment) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        deployed.s3.delete_bucket(Bucket=RULER)
    unharmed(deployed, beside=frozenset({RENAMED}))


def test_a_bucket_that_is_unprotected_on_purpose_is_forgotten_and_still_there(deployed: Deployment) -> None:
    """The second guard: whoever takes the first away has still to delete the bucket in SeaweedFS."""
    deployed.s3.put_object(Bucket=RENAMED, Key="tenant/block", Body=CONTENT)
    unprotect(deployed, RENAMED)
    deployed.destroy()
    assert buckets_in_state(deployed) == set(STACK.buckets) - {RULER}
    unharmed(deployed, beside=frozenset({RENAMED}))
    assert deployed.s3.get_object(Bucket=RENAMED, Key="tenant/block")["Body"].read() == CONTENT
