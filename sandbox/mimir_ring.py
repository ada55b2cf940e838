"""Real Mimir processes on what a release has: each with all roles, joined over loopback; and alertmanagers beside them.

The cluster's pods do not run (kwok only says so), so the `mimir` binary is started here, on the very ConfigMap and
Secret of the deployed release. Only addresses and directories are given anew, as flags: the file is untouched.
"""

import base64
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox.gateway.loopback import Network
from sandbox.readiness import await_ready
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.stack import Stack

RINGS = (
    "alertmanager.sharding-ring",
    "compactor.ring",
    "distributor.ring",
    "ingester.ring",
    "query-scheduler.ring",
    "ruler.ring",
    "store-gateway.sharding-ring",
)
"""Mimir's rings, as its flags call them."""
_SECONDS_TO_START, _SECONDS_TO_FLUSH = 90, 60


@dataclass(frozen=True)
class Deployed:
    """What the release has on the cluster."""

    config: str
    runtime: str
    fallback: str
    environment: dict[str, str]
    bucket: str


@dataclass(frozen=True)
class Member:
    """One Mimir process of the ring."""

    url: str
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        """End it as Kubernetes does, and wait until it has flushed what it holds."""
        self.process.terminate()
        try:
            self.process.wait(_SECONDS_TO_FLUSH)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def lose(self) -> None:
        """End it as a lost node does."""
        self.process.kill()
        self.process.wait()


def deployed_in(namespace: str, bucket: str, connections: Connections) -> Deployed:
    """Return what Mimir's release has in a namespace."""
    core = connections.core()
    configuration = core.read_namespaced_config_map("mimir-config", namespace).data
    runtime = core.read_namespaced_config_map("mimir-runtime", namespace).data
    fallback = core.read_namespaced_config_map("mimir-alertmanager-fallback-config", namespace).data
    secret = core.read_namespaced_secret("mimir-s3", namespace).data
    environment = {key: base64.b64decode(text).decode() for key, text in secret.items()}
    return Deployed(
        config=configuration["mimir.yaml"],
        runtime=runtime["runtime.yaml"],
        fallback=fallback["alertmanager_fallback_config.yaml"],
        environment=environment,
        bucket=bucket,
    )


@contextmanager
def of_stack(
    stack: Stack, toolchain: Toolchain, connections: Connections, _: Network, directory: Path
) -> Iterator[Callable[[SplitResult], str]]:
    """Run as many as a stack has ingesters, any of which stands for all roles, and yield where one is."""
    backend = stack.backend("metrics")
    deployed = deployed_in(stack.namespace.name, backend.buckets["blocks"], connections)
    ingesters = stack.metrics.roles["ingester"].replicas
    with ring(deployed, ingesters, directory, toolchain.path("mimir")) as members:
        yield lambda _: urlsplit(members[0].url).netloc


@contextmanager
def ring(
    deployed: Deployed, size: int, directory: Path, program: Path, *, alertmanagers: int = 0
) -> Iterator[list[Member]]:
    """Run so many Mimirs, and yield them once each is ready and all know each other's ingesters.

    Args:
        deployed: what they run on.
        size: how many have all roles but the alertmanager's.
        directory: where their files go.
        program: the executable.
        alertmanagers: how many are nothing else; they come after the others, whose rulers send to each of them.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
    """
    files = {"mimir.yaml": deployed.config, "runtime.yaml": deployed.runtime, "fallback.yaml": deployed.fallback}
    for name, content in files.items():
        (directory / name).write_text(content)
    free = iter(free_ports(3 * (size + alertmanagers)))
    ports = [[next(free), next(free), next(free)] for _ in range(size + alertmanagers)]
    told = [f"http://127.0.0.1:{http}/alertmanager" for http, _, _ in ports[size:]]
    roles = [["-target=all", *([f"-ruler.alertmanager-url={','.join(told)}"] if told else [])]] * size
    roles += [["-target=alertmanager"]] * alertmanagers
    with ExitStack() as stack:
        members = [
            stack.enter_context(
                _member(deployed, f"mimir-{index}", own, ports[0][2], directory, [str(program), *flags])
            )
            for index, (own, flags) in enumerate(zip(ports, roles, strict=True))
        ]
        for index, member in enumerate(members):
            log = directory / f"mimir-{index}" / "log"
            await_ready(member.process, f"{member.url}/ready", "Mimir", log, seconds=_SECONDS_TO_START, client=None)
        wait_joined([each.url for each in members[:size]], "ingester/ring")
        wait_joined([each.url for each in members[size:]], "multitenant_alertmanager/ring")
        try:
            yield members
        finally:
            with ThreadPoolExecutor() as pool:  # all at once: each takes a while to flush what it holds
                list(pool.map(Member.end, members))


@contextmanager
def _member(
    deployed: Deployed, name: str, ports: list[int], join: int, directory: Path, command: list[str]
) -> Iterator[Member]:
    own = directory / name
    own.mkdir()
    with (own / "log").open("w+") as log:
        whole = [*command, *_flags(name, ports, join, directory, own)]
        process = subprocess.Popen(whole, env=deployed.environment, stdout=log, stderr=log)
        member = Member(f"http://127.0.0.1:{ports[0]}", process)
        try:
            yield member
        finally:
            member.end()


def _flags(name: str, ports: list[int], join: int, shared: Path, own: Path) -> list[str]:
    http, grpc, gossip = ports
    here = f"127.0.0.1:{grpc}"
    return [
        f"-config.file={shared / 'mimir.yaml'}",
        "-config.expand-env=true",
        "-server.http-listen-address=127.0.0.1",
        f"-server.http-listen-port={http}",
        "-server.grpc-listen-address=127.0.0.1",
        f"-server.grpc-listen-port={grpc}",
        f"-memberlist.nodename={name}",
        "-memberlist.bind-addr=127.0.0.1",
        f"-memberlist.bind-port={gossip}",
        f"-memberlist.join=127.0.0.1:{join}",
        *(f"-{each}.instance-id={name}" for each in RINGS),
        *(f"-{each}.instance-addr=127.0.0.1" for each in RINGS),
        "-query-frontend.instance-addr=127.0.0.1",
        f"-query-frontend.scheduler-address={here}",
        f"-querier.scheduler-address={here}",
        "-ingester.ring.min-ready-duration=0",
        "-store-gateway.sharding-ring.wait-stability-min-duration=0",
        "-compactor.ring.wait-stability-min-duration=0",
        "-activity-tracker.filepath=",
        "-ingester.ring.tokens-file-path=",
        "-store-gateway.sharding-ring.tokens-file-path=",
        f"-runtime-config.file={shared / 'runtime.yaml'}",
        f"-alertmanager.configs.fallback={shared / 'fallback.yaml'}",
        f"-alertmanager.storage.path={own / 'alertmanager'}",
        f"-alertmanager.web.external-url=http://127.0.0.1:{http}/alertmanager",
        f"-blocks-storage.bucket-store.sync-dir={own / 'sync'}",
        f"-blocks-storage.tsdb.dir={own / 'tsdb'}",
        f"-compactor.data-dir={own / 'compactor'}",
        f"-ruler.rule-path={own / 'rules'}",
    ]


def wait_joined(members: Sequence[str], page: str) -> None:
    """Wait until every member, by its address, knows every other one of a ring, which spreads by gossip."""
    for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.25), reraise=True):
        with attempt:
            for member in members:
                shown = httpx.get(f"{member}/{page}", headers={"Accept": "application/json"})
                active = [each for each in shown.raise_for_status().json()["shards"] if each["state"] == "ACTIVE"]
                if len(active) != len(members):
                    raise RuntimeError(f"{member}/{page} has {len(active)} of {len(members)}")


def free_ports(count: int) -> list[int]:
    """Return ports on loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
