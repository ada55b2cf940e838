"""A SeaweedFS by itself, for tests that need buckets and no cluster."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox.gateway.loopback import Network
from sandbox.mimir_ring import free_ports
from sandbox.toolchain import Toolchain
from sandbox.world.seaweedfs import S3_ONLY
from telemetry.config.credentials import S3Identity
from telemetry.object_store.identities import Identity, configuration

_PORT = 8333
_PORTS = (
    *(f"{part}.port{suffix}" for part in ("master", "volume", "filer", "admin") for suffix in ("", ".grpc")),
    "s3.port.grpc",
)
"""Flags of ports that no other SeaweedFS of this machine may have, whatever its address: sockets in /tmp are called
after them (weed/command/mini.go), and one would speak to the other's filer."""
_SECONDS_TO_START = 60


@contextmanager
def bare_store(
    tools: Toolchain, net: Network, folder: Path, keyed: Sequence[tuple[Identity, S3Identity]]
) -> Iterator[str]:
    """Run one that knows these identities, and yield its address."""
    address = net.address()
    (folder / "data").mkdir(parents=True)
    (folder / "s3.json").write_text(json.dumps(configuration(keyed)))
    options = [
        f"-dir={folder / 'data'}",
        f"-ip={address}",
        f"-ip.bind={address}",
        *(f"-{name}={port}" for name, port in zip(_PORTS, free_ports(len(_PORTS)), strict=True)),
        f"-s3.port={_PORT}",
        "-admin.port.legacy=0",
        f"-s3.config={folder / 's3.json'}",
        *(f"-s3.{each}" for each in S3_ONLY),
        "-volume.max=100",
        "-volume.preStopSeconds=0",
        "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false",
        "-webdav=false",
        "-admin.ui=false",
        "-filer.localSocket=filer.sock",
        "-s3.localSocket=s3.sock",
    ]
    command = [str(tools.path("weed")), "-logtostderr=true", "mini", *options]
    environment = {**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://{address}:{_PORT}"
        for attempt in Retrying(stop=stop_after_delay(_SECONDS_TO_START), wait=wait_fixed(0.25), reraise=True):
            with attempt:
                assert process.poll() is None, (folder / "log").read_text()[-2000:]
                assert httpx.get(url).status_code == httpx.codes.FORBIDDEN
        yield url
    finally:
        process.kill()
        process.wait()
