"""Prometheus with Thanos for real: the programs on what the charts make of the settings, before a real SeaweedFS."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from sandbox import thanos
from sandbox.toolchain import Toolchain
from telemetry.backends.thanos.checks import checks, platform_checks
from telemetry.backends.thanos.objstore import PREFIX
from telemetry.backends.thanos.service_levels import INGEST_BUCKETS, QUERY_BUCKETS
from telemetry.clients.reach import Reach
from telemetry.clients.target import Target, Tenant
from telemetry.gateway import access
from telemetry.spec.checks import CheckFailed
from telemetry.spec.context import TENANT_HEADER
from tests.sandbox.edge import KEY, tenant
from tests.sandbox.gateway_clients import http, remote_write, send_metric
from tests.sandbox.thanos_world import (
    BUCKET,
    SEVERAL,
    TENANT,
    World,
    answer,
    edge,
    make_blocks,
    of_tenant,
    open_world,
    receive,
    send,
    until,
    values,
)
from tests.support import put
from tests.waiting import SECONDS

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def tools() -> Toolchain:
    found = Toolchain(console=Console(stderr=True))
    found.ensure(["weed", "thanos", "prometheus", "nginx", "promtool"])
    return found


@pytest.fixture
def world(tools: Toolchain, tmp_path: Path) -> Iterator[World]:
    """A bucket under the identity that the program renders, and the arguments that the charts make."""
    limited = {"metrics": {"request_samples": 3}}
    east = put("kubernetes.cluster", "east")
    with open_world(tools, tmp_path, [tenant(TENANT), tenant("orders", limits=limited)], SEVERAL, east) as opened:
        yield opened


def test_a_tenant_pushes_and_finds_its_own_through_the_gateway(world: World, tools: Toolchain) -> None:
    path = "/prometheus/api/v1/query"
    with receive(world), edge(world, tools) as open_edge, ExitStack() as opened:
        tokens = {name: found.token for name, found in access.of_tenants(world.stack, KEY).items()}
        clients = {name: opened.enter_context(http(open_edge, token)) for name, token in tokens.items()}
        payments, orders = clients["payments"], clients["orders"]
        until(lambda: send_metric(payments, "by_otlp", 1, cluster="east").status_code == 200)
        until(lambda: remote_write(payments, {"by_remote_write": 2}).status_code == 200)
        until(lambda: values(payments, path, 'by_otlp{cluster="east"}[5m]') == {1})
        until(lambda: values(payments, path, "by_remote_write[5m]") == {2})
        everything = '{__name__=~"by_.+"}[5m]'
        assert values(orders, path, everything) == set()
        assert values(orders, path, '{__name__=~"by_.+", tenant_id="payments"}[5m]') == set()
        assert send_metric(orders, "by_otlp", 3).status_code == 200
        until(lambda: values(orders, path, everything) == {3})
        assert values(payments, path, everything) == {1, 2}
        names = payments.get("/prometheus/api/v1/label/__name__/values").json()["data"]
        assert {"by_otlp", "by_remote_write"} <= set(names)
        assert remote_write(orders, dict.fromkeys("abcd", 1.0)).status_code == 413, "of 4 samples, 3 are granted"
        second = {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
        assert payments.post("/api/v1/push", content=b"x", headers=second).status_code == 415
        assert payments.get("/prometheus/api/v1/query_exemplars").status_code == 404


def test_validation_sees_what_is_there_and_what_is_not(world: World, tools: Toolchain) -> None:
    with receive(world) as running, edge(world, tools) as open_edge:
        token = access.of_tenants(world.stack, KEY)["payments"].token
        addresses = {
            "metrics.otlp_http": f"{open_edge.url}/otlp/v1/metrics",
            "metrics.remote_write": f"{open_edge.url}/api/v1/push",
            "metrics.query": f"{open_edge.url}/prometheus",
            "metrics.admin": running.query.url,
            "metrics.router": running.router.url,
        }
        target = Target(world.stack, addresses, [], Reach(), authority=open_edge.authority)
        context = world.stack.backend("metrics").context
        for check in checks(context, target, Tenant("payments", token)):
            assert "found" in check.run(SECONDS)
        assert bounds(running.router.url, "receive") >= set(INGEST_BUCKETS)
        assert "\nthanos_receive_config_last_reload_successful 1\n" in httpx.get(f"{running.router.url}/metrics").text
        assert bounds(running.query.url, "query") >= set(QUERY_BUCKETS)
        ring, stores = platform_checks(context, target)
        assert ring.run(SECONDS) == "3 ingestors"
        with pytest.raises(CheckFailed, match="0 of 2 sidecars, 0 of 1 rules"):
            stores.run(1)


def bounds(url: str, handler: str) -> set[float]:
    """Return the bounds at which a program counts how long its answers took, by its metrics."""
    labels = re.findall(
        r"^http_request_duration_seconds_bucket\{(.+?)\} ", httpx.get(f"{url}/metrics").text, re.MULTILINE
    )
    own = [each for each in labels if f'handler="{handler}"' in each]
    return {float(each.rpartition('le="')[2].partition('"')[0]) for each in own}


def test_two_replicas_of_prometheus_are_one_series_and_who_does_not_answer_is_told_by_its_pod(world: World) -> None:
    with ExitStack() as opened:
        scraped = opened.enter_context(thanos.ingestor(world.site, "scraped", world.net.address()))
        targets = {"receive-ingestor": [f"{each}:{thanos.HTTP}" for each in (scraped.address, world.net.address())]}
        pods = [
            opened.enter_context(
                thanos.prometheus(world.site, f"prometheus-server-{each}", world.net.address(), targets)
            )
            for each in range(2)
        ]
        sidecars = [sidecar for _, sidecar in pods]
        query = opened.enter_context(thanos.query(world.site, "query", world.net.address(), sidecars))
        with of_tenant(query) as asked:
            both = {"path": "/api/v1/query", "query": 'up{job=~".+/receive-ingestor"} == 1'}
            until(lambda: len(answer(asked, **both, dedup="false")) == 2)
            replicas = {each["metric"]["prometheus_replica"] for each in answer(asked, **both, dedup="false")}
            assert replicas == {"prometheus-server-0", "prometheus-server-1"}
            (one,) = answer(asked, **both)
            assert "prometheus_replica" not in one["metric"]
            assert (one["metric"]["tenant_id"], one["metric"]["cluster"]) == ("payments", "east")
            assert (one["metric"]["pod"], one["metric"]["container"]) == (
                "thanos-receive-ingestor-0",
                "thanos-receive-ingestor",
            )
            failing = 'min by (pod) (up{pod=~"thanos-.+"}) == 0'
            until(
                lambda: (
                    {each["metric"]["pod"] for each in answer(asked, "/api/v1/query", failing)}
                    == {"thanos-receive-ingestor-1"}
                )
            )
            pods[0][0].lose()
            sidecars[0].lose()
            since = time.time()
            until(lambda: float(answer(asked, "/api/v1/query", "timestamp(up)")[0]["value"][1]) > since)


def test_what_was_confirmed_is_found_without_an_ingestor_and_later_in_the_bucket(world: World) -> None:
    with receive(world, stores=2) as running, of_tenant(running.query) as asked:
        confirmed, start = set[float](), time.time() - 60
        with httpx.Client(base_url=running.push, headers={TENANT_HEADER: "payments"}, timeout=30) as sender:

            def sent(number: int) -> bool:
                taken = send(sender, "/api/v1/receive", number, start)
                if taken:
                    confirmed.add(number)
                return taken

            until(lambda: sent(0))
            for number in range(1, 60):
                if number == 20:
                    running.ingestors[1].lose()
                if number == 40:
                    running.stores[0].lose()
                sent(number)
        assert len(confirmed) > 30, "two of three ingestors are a quorum"
        until(lambda: values(asked, "/api/v1/query", "counted[10m]") >= confirmed)
        for each in (running.ingestors[0], running.ingestors[2]):
            each.end()  # uploads what it holds
        assert world.store.blocks()
        assert all(each.startswith(f"{PREFIX}/") for each in world.store.blocks())
        until(lambda: values(asked, "/api/v1/query", "counted[30m]") >= confirmed - {max(confirmed)})
        # Thanos leaves the newest instant out of the block that it cuts at its end (pkg/receive/multitsdb.go): it stays
        # in the log on the ingestor's volume, and is there again with its pod.
        with thanos.ingestor(world.site, "ingestor-0", running.ingestors[0].address):
            until(lambda: values(asked, "/api/v1/query", "counted[30m]") >= confirmed)


def test_the_compactor_joins_downsamples_and_deletes(world: World, tools: Toolchain, tmp_path: Path) -> None:
    day = 86_400
    now = int(time.time())
    recent = range(now - 14 * day, now - 9 * day, 1_800)
    old = [now - 800 * day, now - 800 * day + 60]
    upload(world, tools, tmp_path / "recent", dict.fromkeys(recent, 5.0))
    upload(world, tools, tmp_path / "old", dict.fromkeys(old, 7.0))
    before = world.store.blocks()
    data = tmp_path / "compactor" / "data"
    flags = [f"--data-dir={data}", "--consistency-delay=0s", "--delete-delay=0s"]
    for _ in range(2):  # the first run marks what is too old, the next one deletes it
        world.site.run("thanos-compact", "compactor", *flags, f"--http-address={world.net.address()}:10902")
    after = world.store.blocks()
    metas = [json.loads(world.store.s3.get_object(Bucket=BUCKET, Key=each)["Body"].read()) for each in after]
    assert len(after) < len(before)
    assert {meta["thanos"]["downsample"]["resolution"] for meta in metas} >= {0, 300_000}
    assert min(meta["minTime"] for meta in metas) > (now - 730 * day) * 1000, "what is older is deleted"
    with ExitStack() as opened:
        store = opened.enter_context(thanos.store(world.site, "store", world.net.address()))
        query = opened.enter_context(thanos.query(world.site, "query", world.net.address(), [store]))
        coarse = {"start": str(recent[0]), "end": str(recent[-1]), "step": "3600", "max_source_resolution": "5m"}
        with of_tenant(query) as asked:
            until(lambda: values(asked, "/api/v1/query_range", "long_ago", **coarse) == {5.0})


def upload(world: World, tools: Toolchain, folder: Path, samples: dict[int, float]) -> None:
    """Put blocks of samples by second since the epoch into the bucket, as a sidecar would."""
    made = make_blocks(tools, folder, "long_ago", samples)
    labels = ("prometheus_replica", "prometheus-server-0"), ("tenant_id", "payments")
    told = [f'--label={name}="{value}"' for name, value in labels]
    command = [str(tools.path("thanos")), "tools", "bucket", "upload-blocks", f"--path={made}", *told]
    command += [f"--objstore.config={world.site.of.objstore}"]
    done = subprocess.run(command, env=dict(world.site.of.environment), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
