"""What is kept while a stack changes: from the sidecar to Receive, from one ingestor to several, from Mimir to Thanos.

And back. The real Prometheus, Thanos and Mimir, before one real SeaweedFS.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml
from rich.console import Console

from sandbox import thanos
from sandbox.gateway.loopback import network
from sandbox.mimir_ring import Deployed, ring
from sandbox.toolchain import Toolchain
from telemetry.spec.context import TENANT_HEADER
from telemetry.spec.values.common import Values, merged
from telemetry.stack import Stack
from tests.sandbox.edge import stack, tenant
from tests.sandbox.thanos_world import (
    BUCKET,
    DEV,
    SEVERAL,
    TENANT,
    Store,
    World,
    answer,
    make_blocks,
    of_tenant,
    open_store,
    receive,
    send,
    until,
    values,
    world_at,
)

# By day test_thanos.py: what holds blocks changes with its pins alone.
pytestmark = [pytest.mark.sandbox, pytest.mark.nightly]

TENANTS = [tenant(TENANT)]
AT_THANOS, AT_MIMIR = "/api/v1/receive", "/api/v1/push"
NO_ALERTS = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


@pytest.fixture(scope="module")
def tools() -> Toolchain:
    found = Toolchain(console=Console(stderr=True))
    found.ensure(["weed", "thanos", "prometheus", "promtool", "mimir"])
    return found


def sender(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={TENANT_HEADER: TENANT}, timeout=30)


def write(url: str, path: str, numbers: Iterable[int], start: float) -> None:
    """Send samples, each of which must be taken; the first as soon as anything is."""
    with sender(url) as client:
        for number in numbers:
            until(partial(send, client, path, number, start))


def in_thanos(asked: httpx.Client) -> set[float]:
    """Return what Query finds, of every replica: what deduplication makes of them is another matter."""
    return values(asked, "/api/v1/query", "counted[2d]", dedup="false")


# Sizes, and ways in


def test_no_block_is_lost_from_the_sidecar_to_receive_and_from_one_ingestor_to_several_and_back(
    tools: Toolchain, tmp_path: Path
) -> None:
    start = int(time.time()) - 600
    with network() as net, ExitStack() as opened:
        address = net.address()
        store = opened.enter_context(open_store(tools, net, tmp_path, stack(address, TENANTS, DEV, federation=None)))
        one, several = (world_at(tools, net, tmp_path, store, address, TENANTS, size) for size in (DEV, SEVERAL))
        scraped(one, tools, 1_000, start - 86_400)
        for world, numbers in ((one, range(20)), (several, range(20, 40)), (one, range(40, 60))):
            pushed(world, numbers, start)
        scraped(one, tools, 2_000, start - 43_200)
        everything = {*range(60), 1_000, 2_000}
        with receive(one) as running, of_tenant(running.query) as asked:
            until(lambda: in_thanos(asked) >= everything)
            running.ingestors[0].lose()
            until(lambda: in_thanos(asked) >= everything - {59})  # the newest instant is on its volume alone


def pushed(world: World, numbers: range, start: float) -> None:
    """Have ingestors take samples, and once each of them has all, end one after the other, as a roll-out does."""
    copies = world.settings.replication_factor
    with receive(world, stores=0) as running, of_tenant(running.query) as asked:
        write(running.push, AT_THANOS, numbers, start)
        newest = {"query": f"counted == {numbers[-1]}", "time": str(start + numbers[-1]), "dedup": "false"}
        until(lambda: len(answer(asked, "/api/v1/query", **newest)) == copies)
        before = world.store.blocks()
        for each in running.ingestors:
            each.end()
        assert len(world.store.blocks() - before) >= copies


def scraped(world: World, tools: Toolchain, value: int, at: int) -> None:
    """Let a Prometheus have a block of a sample on its volume, its sidecar upload that, and lose both."""
    name, before = "prometheus-server-0", world.store.blocks()
    made = make_blocks(tools, world.site.directory / f"scraped-{value}", "counted", {at: value})
    shutil.copytree(made, world.site.directory / name / "data", dirs_exist_ok=True)
    with thanos.prometheus(world.site, name, world.net.address(), {}):
        until(lambda: len(world.store.blocks() - before) == 1)


# Another backend


def test_each_backend_answers_for_its_time_from_mimir_to_thanos_and_back(tools: Toolchain, tmp_path: Path) -> None:
    """Both have the bucket, and for a while both are written to; neither touches the other's blocks."""
    start = int(time.time()) - 600
    with network() as net, ExitStack() as opened:
        address = net.address()
        store = opened.enter_context(open_store(tools, net, tmp_path, stack(address, TENANTS)))
        running = opened.enter_context(receive(world_at(tools, net, tmp_path, store, address, TENANTS, DEV)))
        asked = opened.enter_context(of_tenant(running.query))
        before = stack(address, TENANTS, store.settings)
        with mimir(tools, before, store, tmp_path / "before") as url:
            write(url, AT_MIMIR, range(20), start)
            write(running.push, AT_THANOS, range(10, 20), start)
        write(running.push, AT_THANOS, range(20, 30), start)
        until(lambda: in_thanos(asked) == set(range(10, 30)))

        with mimir(tools, before, store, tmp_path / "again") as url:
            until(lambda: in_mimir(url) == set(range(20)))
            write(url, AT_MIMIR, range(30, 50), start)
            write(running.push, AT_THANOS, range(30, 40), start)
            running.ingestors[0].end()
            until(lambda: in_mimir(url) == {*range(20), *range(30, 50)})
            until(lambda: set(range(10, 39)) <= in_thanos(asked) <= set(range(10, 40)))


@contextmanager
def mimir(tools: Toolchain, chosen: Stack, store: Store, directory: Path) -> Iterator[str]:
    """Run a Mimir with empty volumes on the values of its release, and yield its address; it ends as a pod does.

    It looks for blocks every second, and for the newest as well: by itself it asks ingesters alone for the last hours,
    and the volumes of these may be gone.
    """
    directory.mkdir()
    (release,) = chosen.backend("metrics").releases
    often: Values = {
        "blocks_storage": {"bucket_store": {"sync_interval": "1s", "ignore_blocks_within": "0s"}},
        "compactor": {"cleanup_interval": "1s"},
        "querier": {"query_store_after": "0s"},
    }
    config = merged(release.values["mimir"]["structuredConfig"], often)
    deployed = Deployed(yaml.safe_dump(config), "{}", yaml.safe_dump(NO_ALERTS), store.environment, BUCKET)
    with ring(deployed, 1, directory, tools.path("mimir")) as (member,):
        yield member.url


def in_mimir(url: str) -> set[float]:
    with sender(url) as client:
        return values(client, "/prometheus/api/v1/query", "counted[2d]")
