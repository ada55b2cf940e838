"""The real SeaweedFS' master knows which buckets have volumes, and how many are free for those that have none."""

import pytest

from preflight import volumes
from sandbox.world import Connections
from settings import S3Identity
from tests.sandbox.s3_gateway import address, client
from tests.support import load_stack, put

pytestmark = pytest.mark.sandbox

WRITTEN, OTHERS = "dts-traces-test-blocks", {f"dts-metrics-test-{use}" for use in ("alertmanager", "blocks", "ruler")}
MORE_THAN_FREE = 900
"""The world's volume server has 1000: enough for one such bucket, and not for two."""


def test_a_bucket_that_was_written_to_needs_no_volume_and_the_others_do(world: Connections) -> None:
    master = f"http://{address(world, 'master').rpartition('.')[0]}"
    asked = put("object_store.master_endpoint", master)
    stack = load_stack("test", asked, put("object_store.volumes.growth", MORE_THAN_FREE))
    assert {WRITTEN, *OTHERS} == set(stack.buckets)
    (before,) = volumes.check(stack)
    assert f"take 4 x {MORE_THAN_FREE} = {4 * MORE_THAN_FREE} at their first writes" in before
    keys = S3Identity.model_validate(world.s3_identities["provisioner"].model_dump())
    s3 = client(world.s3_endpoint, keys)
    s3.create_bucket(Bucket=WRITTEN)
    try:
        s3.put_object(Bucket=WRITTEN, Key="first", Body=b"write")
        (after,) = volumes.check(stack)
        assert WRITTEN not in after
        assert all(each in after for each in OTHERS)
        assert volumes.check(load_stack("test", asked)) == []
    finally:
        s3.delete_object(Bucket=WRITTEN, Key="first")
        s3.delete_bucket(Bucket=WRITTEN)
