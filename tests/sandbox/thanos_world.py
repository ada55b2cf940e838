"""Prometheus with Thanos opened for a test: the real programs on what the charts make of settings, a real SeaweedFS."""

import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox import thanos
from sandbox.gateway.loopback import Network, network
from sandbox.gateway.names import Names
from sandbox.gateway.pod import pod
from sandbox.gateway.process import Gateway, gateway
from sandbox.gateway.volumes import point
from sandbox.thanos import HTTP, PUSH, Member, Programs, Site
from sandbox.toolchain import Toolchain
from telemetry.backends.thanos.limits import limited, limits_file
from telemetry.backends.thanos.settings import ThanosMetrics
from telemetry.clients.otlp import REMOTE_WRITE, compressed, write_request
from telemetry.config.credentials import S3Identity
from telemetry.config.existing_secrets import ACCESS_KEY_ENV, SECRET_KEY_ENV
from telemetry.object_store.identities import identities_of
from telemetry.spec.context import TENANT_HEADER
from telemetry.stack import Stack
from tests.sandbox.bare_store import bare_store
from tests.sandbox.charts import rendered
from tests.sandbox.edge import KEY, Tree, stack
from tests.sandbox.s3_gateway import client
from tests.support import WITH_THANOS, Change, all_of, put
from tests.waiting import SECONDS

BUCKET = "dts-metrics-dev-blocks"
TENANT = "payments"
"""The tenant that has the platform's own metrics as well."""
DEV: Change = all_of(WITH_THANOS, put("monitoring.tenant", TENANT))
"""One of each."""
SEVERAL: Change = all_of(
    DEV,
    put("metrics.replication_factor", 3),
    put("metrics.roles", {"receive-ingestor": {"replicas": 3}, "prometheus": {"replicas": 2}}),
)
_RELEASES = ("prometheus", "thanos", "alertmanager")


@dataclass(frozen=True)
class Store:
    """A SeaweedFS with the buckets of a stack's metrics, and their key as pods have it."""

    url: str
    environment: dict[str, str]
    s3: Any

    def blocks(self) -> set[str]:
        """Return the blocks in the bucket, by their meta.json."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())
        return {each["Key"] for each in listed if each["Key"].endswith("/meta.json")}

    @property
    def settings(self) -> Change:
        """What a stack says that uses it."""
        return all_of(put("object_store.endpoint", self.url), put("object_store.allow_unsafe_version", True))


@contextmanager
def open_store(tools: Toolchain, net: Network, directory: Path, chosen: Stack) -> Iterator[Store]:
    """Open a store that knows the identities that the program renders of a stack, and no others."""
    identities = identities_of(chosen)
    own, maker = (_pair(each) for each in ("metrics", "provisioner"))
    keyed = [(identities["metrics"], own), (identities["provisioner"], maker)]
    with bare_store(tools, net, directory / "weed", keyed) as url:
        s3 = client(url, maker)
        for bucket in chosen.backend("metrics").buckets.values():
            s3.create_bucket(Bucket=bucket)
        key = {ACCESS_KEY_ENV: own.access_key, SECRET_KEY_ENV: own.secret_key}
        yield Store(url, {name: each.get_secret_value() for name, each in key.items()}, s3)


def _pair(name: str) -> S3Identity:
    return S3Identity.model_validate({"access_key": name, "secret_key": secrets.token_hex(16)})


@dataclass(frozen=True)
class World:
    """A store, and where processes are started that use it."""

    net: Network
    store: Store
    site: Site
    stack: Stack
    address: str
    """Where the gateway is."""
    asked: str
    """Where Query is, and where samples are sent."""

    @property
    def settings(self) -> ThanosMetrics:
        """What the stack says of its metrics."""
        assert isinstance(self.stack.metrics, ThanosMetrics)
        return self.stack.metrics


@contextmanager
def open_world(tools: Toolchain, directory: Path, tenants: Sequence[Tree], *changes: Change) -> Iterator[World]:
    """Open a store of its own, and yield what runs on a stack after some changes."""
    with network() as net, ExitStack() as opened:
        address = net.address()
        store = opened.enter_context(open_store(tools, net, directory, stack(address, tenants, *changes, **_OWN)))
        yield world_at(tools, net, directory, store, address, tenants, *changes)


_OWN: Tree = {"federation": None}
"""Settings of the gateway without which Thanos is refused."""


def world_at(
    tools: Toolchain,
    net: Network,
    directory: Path,
    store: Store,
    address: str,
    tenants: Sequence[Tree],
    *changes: Change,
) -> World:
    """Return what runs on a stack, with what the charts make of its settings.

    Processes of one name have the same volume, whatever the settings.
    """
    asked = net.address()
    chosen = stack(address, tenants, *changes, store.settings, **_OWN)
    objects = [each for chart, made in rendered(chosen).items() if chart in _RELEASES for each in made]
    granted = chosen.backend("metrics").context.tenants
    limits = yaml.safe_dump(limits_file(granted, None, f"http://{asked}:{HTTP}")) if limited(granted, None) else ""
    deployed = thanos.deployed(objects, store.environment, limits=limits)
    programs = Programs(tools.path("thanos"), tools.path("prometheus"))
    return World(net, store, Site(deployed, programs, directory), chosen, address, asked)


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
def receive(world: World, *others: Member, stores: int = 1, watched: bool = False) -> Iterator[Receive]:
    """Run as many ingestors as the settings have, with a router, a Query that asks others too, and stores.

    Where they are `watched`, a Prometheus scrapes the ingestors, and Query asks its sidecar as well.
    """
    ingestors = world.settings.roles["receive-ingestor"].replicas
    with ExitStack() as opened:
        site, address = world.site, world.net.address
        holding = [
            opened.enter_context(thanos.ingestor(site, f"ingestor-{each}", address())) for each in range(ingestors)
        ]
        router = opened.enter_context(thanos.router(site, "router", address(), world.asked, holding))
        found = [opened.enter_context(thanos.store(site, f"store-{each}", address())) for each in range(stores)]
        asks = [*holding, *found, *others]
        if watched:
            targets = {"receive-ingestor": [f"{each.address}:{HTTP}" for each in holding]}
            _, sidecar = opened.enter_context(thanos.prometheus(site, "prometheus-server-0", address(), targets))
            asks.append(sidecar)
        asked = opened.enter_context(thanos.query(site, "query", world.asked, asks))
        yield Receive(holding, found, router, asked)


@contextmanager
def edge(world: World, tools: Toolchain) -> Iterator[Gateway]:
    """Run the real nginx, to which Query and router are at one address."""
    with Names(world.net.address()) as names:
        point(names, world.stack, traces=[world.net.address()], metrics=[world.asked])
        files = pod(world.stack, KEY, program=tools.path("nginx"), address=world.address, names=names)
        with files as made, gateway(made) as running:
            yield running


def until(holds: Callable[[], object]) -> None:
    """Return once something is so; what fails on the way is asked again."""
    for attempt in Retrying(stop=stop_after_delay(SECONDS), wait=wait_fixed(0.25), reraise=True):
        with attempt:
            assert holds()


def answer(asked: httpx.Client, path: str, query: str, **more: str) -> list[dict[str, Any]]:
    """Return what Query answers."""
    said = asked.get(path, params={"query": query, **more}).raise_for_status().json()
    found: list[dict[str, Any]] = said["data"]["result"]
    return found


def values(asked: httpx.Client, path: str, query: str, **more: str) -> set[float]:
    """Return all values of all series that Query answers."""
    return {float(value) for each in answer(asked, path, query, **more) for _, value in each["values"]}


def of_tenant(member: Member, name: str = TENANT) -> httpx.Client:
    """Return a client who says who it is, as only the gateway may."""
    return httpx.Client(base_url=member.url, headers={TENANT_HEADER: name}, timeout=30)


def send(client: httpx.Client, path: str, number: int, start: float) -> bool:
    """Send a sample of the series `counted`, so many seconds after the start; return whether it was taken."""
    body = compressed(write_request({"__name__": "counted"}, number, start + number))
    return client.post(path, content=body, headers=REMOTE_WRITE).status_code == httpx.codes.OK


def make_blocks(tools: Toolchain, folder: Path, metric: str, samples: Mapping[int, float]) -> Path:
    """Make blocks of 2 hours of samples by second since the epoch, as Prometheus does, and return their folder."""
    folder.mkdir()
    lines = [f"{metric} {value} {at}" for at, value in samples.items()]
    (folder / "samples").write_text("\n".join([f"# TYPE {metric} gauge", *lines, "# EOF", ""]))
    made = folder / "blocks"
    command = [str(tools.path("promtool")), "tsdb", "create-blocks-from", "openmetrics", f"{folder}/samples", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made
