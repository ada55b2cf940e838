"""Prometheus with Thanos for real: the programs on what the charts make of the settings, before a real SeaweedFS."""

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from rich.console import Console
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox import thanos
from sandbox.gateway.loopback import Network, network
from sandbox.gateway.names import Names
from sandbox.gateway.pod import pod
from sandbox.gateway.process import Gateway, gateway
from sandbox.gateway.volumes import point
from sandbox.thanos import PUSH, Member, Programs, Site
from sandbox.toolchain import Toolchain
from telemetry.backends.thanos.checks import checks, platform_checks
from telemetry.backends.thanos.limits import ThanosLimits, limits_file
from telemetry.backends.thanos.objstore import PREFIX
from telemetry.clients.otlp import REMOTE_WRITE, compressed, write_request
from telemetry.clients.reach import Reach
from telemetry.clients.target import Target, Tenant
from telemetry.config.credentials import S3Identity
from telemetry.config.existing_secrets import ACCESS_KEY_ENV, SECRET_KEY_ENV
from telemetry.gateway import access
from telemetry.object_store.identities import identities_of
from telemetry.spec.checks import CheckFailed
from telemetry.spec.context import TENANT_HEADER, Grant
from telemetry.stack import Stack
from tests.sandbox.bare_store import bare_store
from tests.sandbox.charts import Object, rendered
from tests.sandbox.edge import KEY, stack, tenant
from tests.sandbox.gateway_clients import http, remote_write, send_metric
from tests.sandbox.s3_gateway import client
from tests.support import WITH_THANOS, all_of, put

pytestmark = pytest.mark.sandbox

BUCKET = "dts-metrics-dev-blocks"
RELEASES = ("prometheus", "thanos", "alertmanager")
TENANTS = ("payments", "orders")
SECONDS = 60
"""How long is waited for what must come."""
SIZES = all_of(
    WITH_THANOS,
    put("metrics.replication_factor", 3),
    put("metrics.roles", {"receive-ingestor": {"replicas": 3}, "prometheus": {"replicas": 2}}),
    put("monitoring.tenant", "payments"),
)


@dataclass(frozen=True)
class World:
    """A store, and where processes are started that use it."""

    net: Network
    site: Site
    stack: Stack
    address: str
    s3: Any

    def blocks(self) -> set[str]:
        """Return the blocks in the bucket, by their meta.json."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())
        return {each["Key"] for each in listed if each["Key"].endswith("/meta.json")}


@pytest.fixture(scope="module")
def tools() -> Toolchain:
    found = Toolchain(console=Console(stderr=True))
    found.ensure(["weed", "thanos", "prometheus", "nginx", "promtool"])
    return found


@pytest.fixture
def world(tools: Toolchain, tmp_path: Path) -> Iterator[World]:
    """A bucket under the identity that the program renders, and the arguments that the charts make."""
    with network() as net, ExitStack() as opened:
        address = net.address()
        own = {"federation": None}
        tenants = [tenant(each) for each in TENANTS]
        identities = identities_of(stack(address, tenants, SIZES, **own))
        keyed = [(identities[each], pair(each)) for each in ("metrics", "provisioner")]
        url = opened.enter_context(bare_store(tools, net, tmp_path / "weed", keyed))
        here = all_of(SIZES, put("object_store.endpoint", url), put("object_store.allow_unsafe_version", True))
        chosen = stack(address, tenants, here, **own)
        s3 = client(url, keyed[1][1])
        s3.create_bucket(Bucket=BUCKET)
        key = keyed[0][1]
        environment = {
            ACCESS_KEY_ENV: key.access_key.get_secret_value(),
            SECRET_KEY_ENV: key.secret_key.get_secret_value(),
        }
        granted = {"orders": Grant(ThanosLimits(request_samples=3), None)}
        limits = yaml.safe_dump(limits_file(granted, None, "http://nobody.invalid"))
        deployed = thanos.deployed(objects(chosen), environment, limits=limits)
        programs = Programs(tools.path("thanos"), tools.path("prometheus"))
        yield World(net, Site(deployed, programs, tmp_path), chosen, address, s3)


def pair(name: str) -> S3Identity:
    return S3Identity.model_validate({"access_key": name, "secret_key": secrets.token_hex(16)})


def objects(chosen: Stack) -> list[Object]:
    return [each for chart, made in rendered(chosen).items() if chart in RELEASES for each in made]


@dataclass(frozen=True)
class Receive:
    """Ingestors behind a router, stores, and a Query over them; the router takes samples at Query's address."""

    ingestors: list[Member]
    stores: list[Member]
    router: Member
    query: Member

    @property
    def push(self) -> str:
        """Where samples are sent."""
        return f"http://{self.query.address}:{PUSH}"


@contextmanager
def receive(world: World, *others: Member, stores: int = 1) -> Iterator[Receive]:
    with ExitStack() as opened:
        site, address = world.site, world.net.address
        ingestors = [opened.enter_context(thanos.ingestor(site, f"ingestor-{each}", address())) for each in range(3)]
        shared = address()
        router = opened.enter_context(thanos.router(site, "router", address(), shared, ingestors))
        found = [opened.enter_context(thanos.store(site, f"store-{each}", address())) for each in range(stores)]
        asked = opened.enter_context(thanos.query(site, "query", shared, [*ingestors, *found, *others]))
        yield Receive(ingestors, found, router, asked)


@contextmanager
def edge(world: World, tools: Toolchain, behind: str) -> Iterator[Gateway]:
    """The real nginx, to which Query and router are at one address."""
    with Names(world.net.address()) as names:
        point(names, world.stack, traces=[world.net.address()], metrics=[behind])
        files = pod(world.stack, KEY, program=tools.path("nginx"), address=world.address, names=names)
        with files as made, gateway(made) as running:
            yield running


def until(holds: Callable[[], object]) -> None:
    for attempt in Retrying(stop=stop_after_delay(SECONDS), wait=wait_fixed(0.25), reraise=True):
        with attempt:
            assert holds()


def answer(asked: httpx.Client, path: str, query: str, **more: str) -> list[dict[str, Any]]:
    said = asked.get(path, params={"query": query, **more}).raise_for_status().json()
    found: list[dict[str, Any]] = said["data"]["result"]
    return found


def values(asked: httpx.Client, path: str, query: str, **more: str) -> set[float]:
    return {float(value) for each in answer(asked, path, query, **more) for _, value in each["values"]}


def of_tenant(member: Member, name: str = "payments") -> httpx.Client:
    return httpx.Client(base_url=member.url, headers={TENANT_HEADER: name}, timeout=30)


def test_a_tenant_pushes_and_finds_its_own_through_the_gateway(world: World, tools: Toolchain) -> None:
    path = "/prometheus/api/v1/query"
    with receive(world) as running, edge(world, tools, running.query.address) as open_edge, ExitStack() as opened:
        tokens = {name: found.token for name, found in access.of_tenants(world.stack, KEY).items()}
        clients = {name: opened.enter_context(http(open_edge, token)) for name, token in tokens.items()}
        payments, orders = clients["payments"], clients["orders"]
        until(lambda: send_metric(payments, "by_otlp", 1).status_code == 200)
        until(lambda: remote_write(payments, {"by_remote_write": 2}).status_code == 200)
        until(lambda: values(payments, path, "by_otlp[5m]") == {1})
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
    with receive(world) as running, edge(world, tools, running.query.address) as open_edge:
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
        ring, stores = platform_checks(context, target)
        assert ring.run(SECONDS) == "3 ingestors"
        with pytest.raises(CheckFailed, match="0 of 2 sidecars, 0 of 1 rules"):
            stores.run(1)


def test_two_replicas_of_prometheus_are_one_series(world: World) -> None:
    with ExitStack() as opened:
        scraped = opened.enter_context(thanos.ingestor(world.site, "scraped", world.net.address()))
        targets = {"receive-ingestor": [f"{scraped.address}:{thanos.HTTP}"]}
        pods = [
            opened.enter_context(
                thanos.prometheus(world.site, f"prometheus-server-{each}", world.net.address(), targets)
            )
            for each in range(2)
        ]
        sidecars = [sidecar for _, sidecar in pods]
        query = opened.enter_context(thanos.query(world.site, "query", world.net.address(), sidecars))
        with of_tenant(query) as asked:
            both = {"path": "/api/v1/query", "query": 'up{job=~".+/receive-ingestor"}'}
            until(lambda: len(answer(asked, **both, dedup="false")) == 2)
            replicas = {each["metric"]["prometheus_replica"] for each in answer(asked, **both, dedup="false")}
            assert replicas == {"prometheus-server-0", "prometheus-server-1"}
            (one,) = answer(asked, **both)
            assert "prometheus_replica" not in one["metric"]
            assert one["metric"]["tenant_id"] == "payments"
            pods[0][0].lose()
            sidecars[0].lose()
            since = time.time()
            until(lambda: float(answer(asked, "/api/v1/query", "timestamp(up)")[0]["value"][1]) > since)


def test_what_was_confirmed_is_found_without_an_ingestor_and_later_in_the_bucket(world: World) -> None:
    with receive(world, stores=2) as running, of_tenant(running.query) as asked:
        confirmed: set[float] = set()
        with httpx.Client(base_url=running.push, headers={TENANT_HEADER: "payments"}, timeout=30) as sender:

            def send(number: int) -> bool:
                body = remote_write_body(number)
                taken = sender.post("/api/v1/receive", content=body, headers=REMOTE_WRITE).status_code == 200
                if taken:
                    confirmed.add(number)
                return taken

            until(lambda: send(0))
            for number in range(1, 60):
                if number == 20:
                    running.ingestors[1].lose()
                send(number)
        assert len(confirmed) > 30, "two of three ingestors are a quorum"
        until(lambda: values(asked, "/api/v1/query", "counted[10m]") >= confirmed)
        for each in (running.ingestors[0], running.ingestors[2]):
            each.end()  # uploads what it holds
        assert world.blocks()
        assert all(each.startswith(f"{PREFIX}/") for each in world.blocks())
        running.stores[0].lose()
        until(lambda: values(asked, "/api/v1/query", "counted[30m]") >= confirmed - {max(confirmed)})
        # Thanos leaves the newest instant out of the block that it cuts at its end (pkg/receive/multitsdb.go): it stays
        # in the log on the ingestor's volume, and is there again with its pod.
        with thanos.ingestor(world.site, "ingestor-0", running.ingestors[0].address):
            until(lambda: values(asked, "/api/v1/query", "counted[30m]") >= confirmed)


def remote_write_body(number: int) -> bytes:
    """Return a sample a second after the one of the number before, the last of which is now."""
    return compressed(write_request({"__name__": "counted"}, number, time.time() - 60 + number))


def test_the_compactor_joins_downsamples_and_deletes(world: World, tools: Toolchain, tmp_path: Path) -> None:
    day = 86_400
    now = int(time.time())
    recent = range(now - 14 * day, now - 9 * day, 1_800)
    old = [now - 800 * day, now - 800 * day + 60]
    upload(world, tools, tmp_path / "recent", dict.fromkeys(recent, 5.0))
    upload(world, tools, tmp_path / "old", dict.fromkeys(old, 7.0))
    before = world.blocks()
    data = tmp_path / "compactor" / "data"
    flags = [f"--data-dir={data}", "--consistency-delay=0s", "--delete-delay=0s"]
    for _ in range(2):  # the first run marks what is too old, the next one deletes it
        world.site.run("thanos-compact", "compactor", *flags, f"--http-address={world.net.address()}:10902")
    after = world.blocks()
    metas = [json.loads(world.s3.get_object(Bucket=BUCKET, Key=each)["Body"].read()) for each in after]
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
    folder.mkdir()
    lines = [f"long_ago {value} {at}" for at, value in samples.items()]
    text = "\n".join(["# TYPE long_ago gauge", *lines, "# EOF", ""])
    (folder / "samples").write_text(text)
    made = folder / "blocks"
    command = [
        str(tools.path("promtool")),
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(folder / "samples"),
        str(made),
    ]
    subprocess.run(command, check=True, capture_output=True)
    labels = ("prometheus_replica", "prometheus-server-0"), ("tenant_id", "payments")
    told = [f'--label={name}="{value}"' for name, value in labels]
    command = [str(tools.path("thanos")), "tools", "bucket", "upload-blocks", f"--path={made}", *told]
    command += [f"--objstore.config={world.site.of.objstore}"]
    done = subprocess.run(command, env=dict(world.site.of.environment), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
