"""The real Mimir's compactor takes what is older than its retention out of the real SeaweedFS, and nothing else."""

import json
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.mimir_ring import Member, ring
from sandbox.readiness import await_ready
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.clients.otlp import METRIC, REMOTE_WRITE, compressed, write_request
from telemetry.config.credentials import S3Identity
from telemetry.stack import Stack
from tests.sandbox.mimirs import deployed, store_of
from tests.sandbox.s3_gateway import Gateway
from tests.support import all_of, load_stack, put
from tests.waiting import SECONDS, until

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(2400)]  # the first to need Mimir builds it

DAY = 86_400
AGE = 2.5 * DAY
"""Of the older of two samples: beyond the shortest retention, also where a block ends two hours later than it."""
LATE = {"metrics": {"out_of_order_window": "72h"}}
AT_ONCE = {"mimir": {"structuredConfig": {"compactor": {"cleanup_interval": "1s", "deletion_delay": "0s"}}}}
SETTINGS = all_of(
    put("metrics.buckets", {"blocks": "aged", "ruler": "aged-rules", "alertmanager": "aged-alerts"}),
    put("metrics.values.add", AT_ONCE),
    put(
        "tenants",
        [
            {"id": "short", "display_name": "Short", "limits": LATE, "retention": {"metrics": "1d"}},
            {"id": "long", "display_name": "Long", "limits": LATE},
            {"id": "left", "display_name": "Left"},
        ],
    ),
)
IDENTITY = "telemetry-test-metrics"
CLEANED = "cortex_compactor_blocks_cleaned_total"


@dataclass(frozen=True)
class Bucket:
    """The bucket of blocks, as Mimir's own identity sees it."""

    s3: Any
    name: str

    def keys(self, tenant: str) -> list[str]:
        """Return all that is there of a tenant's blocks; what Mimir keeps about them is in no block's folder."""
        listed = self.s3.list_objects_v2(Bucket=self.name, Prefix=f"{tenant}/").get("Contents", ())
        return [each["Key"] for each in listed if re.match(rf"{tenant}/[0-9A-Z]{{26}}/", each["Key"])]

    def ages(self, tenant: str) -> list[int]:
        """Return how many whole days ago each block ended, the youngest first."""
        metas = [key for key in self.keys(tenant) if key.endswith("/meta.json")]
        ends = [json.loads(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read())["maxTime"] for key in metas]
        return sorted(int((time.time() - end / 1000) / DAY) for end in ends)


@dataclass(frozen=True)
class Site:
    """A running Mimir with its bucket."""

    bucket: Bucket
    mimir: Member
    environment: dict[str, str]
    """With its keys."""


def settings(store: Gateway | None = None) -> Stack:
    return load_stack("test", SETTINGS, *([put("object_store.endpoint", store.url)] if store else []))


def write(mimir: Member, tenant: str, age: float) -> None:
    """Send a sample of a series that has no other."""
    body = write_request({"__name__": METRIC, "age": str(age)}, 1, time.time() - age)
    headers = {**REMOTE_WRITE, "X-Scope-OrgID": tenant}
    httpx.post(f"{mimir.url}/api/v1/push", content=compressed(body), headers=headers).raise_for_status()


def flush(mimir: Member, tenant: str) -> None:
    """Have what a tenant wrote brought into the bucket."""
    httpx.post(f"{mimir.url}/ingester/flush", params={"tenant": tenant, "wait": "true"}, timeout=120).raise_for_status()


def counted(mimir: Member, metric: str) -> int:
    """Return what a metric without labels has come to."""
    found = re.search(rf"^{metric} (\d+)$", httpx.get(f"{mimir.url}/metrics").text, flags=re.MULTILINE)
    return int(found[1]) if found else 0


@pytest.fixture(scope="module")
def site(
    world: Connections, toolchain: Toolchain, gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A Mimir that cleans its bucket every second, and that bucket."""
    keys = S3Identity.model_validate({"access_key": secrets.token_hex(8), "secret_key": secrets.token_hex(16)})
    folder = tmp_path_factory.mktemp("retention")
    with store_of(settings(), keys, world, toolchain, folder) as store:
        stack = settings(store)
        given = deployed(stack, keys)
        with ring(given, 1, folder, gateway_tools.path("mimir")) as (mimir,):
            blocks = stack.backend("metrics").buckets["blocks"]
            yield Site(Bucket(store.client(IDENTITY), blocks), mimir, given.environment)


def test_a_block_goes_when_its_tenants_retention_is_over(site: Site) -> None:
    """Two tenants write the same, and each has a block of today and one of two days ago; one retention is over."""
    for tenant in ("long", "short"):
        for age in (0, AGE):
            write(site.mimir, tenant, age)
        flush(site.mimir, tenant)
    until(lambda: counted(site.mimir, CLEANED))
    assert (site.bucket.ages("short"), site.bucket.ages("long")) == ([0], [0, int(AGE / DAY)])
    assert counted(site.mimir, CLEANED) == 1


def test_an_ingester_that_comes_back_brings_what_was_left_into_the_bucket(site: Site, tmp_path: Path) -> None:
    """As docs/operations.md has it done, now that Mimir has no flusher."""
    write(site.mimir, "left", 0)
    site.mimir.lose()
    assert site.bucket.ages("left") == []
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(site.mimir.process.args, env=site.environment, stdout=log, stderr=log) as again,
    ):
        try:
            await_ready(again, f"{site.mimir.url}/ready", "Mimir", tmp_path / "log", seconds=SECONDS, client=None)
            flush(site.mimir, "left")
        finally:
            again.kill()
    assert site.bucket.ages("left") == [0]
