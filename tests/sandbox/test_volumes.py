"""The real SeaweedFS' master knows which buckets have volumes, and how many are free for those that have none."""

import httpx
import pytest

from sandbox.world import Connections
from telemetry.config.credentials import S3Identity
from telemetry.operations.preflight import volumes
from tests.sandbox.s3_gateway import address, client
from tests.support import load_stack, put

pytestmark = pytest.mark.sandbox

WRITTEN, OTHERS = "dts-traces-test-blocks", {f"dts-metrics-test-{use}" for use in ("alertmanager", "blocks", "ruler")}


def test_a_bucket_that_was_written_to_needs_no_volume_and_the_others_do(world: Connections) -> None:
    master = f"http://{address(world, 'master').rpartition('.')[0]}"
    asked = put("object_store.master_endpoint", master)
    free = httpx.get(f"{master}/dir/status").json()["Topology"]["Free"]
    growth = min(free, 1000)  # for one bucket there is room, or for a few, but not for three and more
    assert 3 * growth > free
    stack = load_stack("test", asked, put("object_store.volumes.growth", growth))
    assert {WRITTEN, *OTHERS} == set(stack.buckets)
    (before,) = volumes.check(stack)
    assert f"take 4 x {growth} = {4 * growth} at their first writes" in before
    keys = S3Identity.model_validate(world.s3_identities["provisioner"].model_dump())
    s3 = client(world.s3_endpoint, keys)
    s3.create_bucket(Bucket=WRITTEN)
    try:
        s3.put_object(Bucket=WRITTEN, Key="first", Body=b"write")
        (after,) = volumes.check(stack)
        assert WRITTEN not in after
        assert all(each in after for each in OTHERS)
    finally:
        s3.delete_object(Bucket=WRITTEN, Key="first")
        s3.delete_bucket(Bucket=WRITTEN)
