"""A second S3 gateway before the world's SeaweedFS, which knows other identities than the world's own."""

import json
import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from sandbox.world.seaweedfs import S3_ONLY
from telemetry.config.credentials import S3Identity, S3Key
from telemetry.object_store.identities import Identity, configuration
from tests.sandbox.engine import dead_port

Keyed = tuple[Identity, S3Identity]
_START_SECONDS = 30


@dataclass(frozen=True)
class Gateway:
    """A running gateway and the keys that it knows, by the identity's name."""

    url: str
    keys: dict[str, S3Identity]

    def client(self, identity: str) -> Any:
        """Return a client with an identity's keys."""
        return client(self.url, self.keys[identity])


def client(url: str, pair: S3Key) -> Any:
    """Return a client with a key."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=pair.access_key.get_secret_value(),
        aws_secret_access_key=pair.secret_key.get_secret_value(),
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def address(world: Connections, role: str) -> str:
    """Return where a role of the world's SeaweedFS listens, as its tools take it: `host:port.grpcPort`."""
    ports = _ports(world)
    return f"127.0.0.1:{ports[f'seaweedfs-{role}']}.{ports[f'seaweedfs-{role}-grpc']}"


def grpc_address(world: Connections, part: str) -> str:
    """Return where a part of the world's SeaweedFS speaks gRPC: `seaweedfs`, which is S3, or `seaweedfs-filer`."""
    return f"127.0.0.1:{_ports(world)[f'{part}-grpc']}"


def _ports(world: Connections) -> dict[str, int]:
    found: dict[str, int] = json.loads((world.kubeconfig.parent / "ports.json").read_text())
    return found


@contextmanager
def gateway(
    world: Connections,
    toolchain: Toolchain,
    folder: Path,
    keyed: Iterable[Keyed],
    *options: str,
    port: int = 0,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Gateway]:
    """Start a gateway on what the program renders of these identities, and end it with the block."""
    known = list(keyed)
    file = folder / "s3.json"
    file.write_text(json.dumps(configuration(known)))
    port = port or dead_port()
    line = ["s3", "-ip.bind=127.0.0.1", f"-port={port}", f"-port.grpc={dead_port()}", "-localSocket=s3.sock"]
    line += [f"-filer={address(world, 'filer')}", f"-config={file}", *(f"-{option}" for option in S3_ONLY), *options]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [str(toolchain.path("weed")), "-logtostderr=true", *line],
            cwd=folder,
            env={**os.environ, **(variables or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            found = Gateway(f"http://127.0.0.1:{port}", {identity.name: keys for identity, keys in known})
            _await(found.url, process, folder / "log")
            yield found
        finally:
            process.terminate()


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(url).status_code == httpx.codes.FORBIDDEN:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"the gateway does not serve:\n{log.read_text()}")
