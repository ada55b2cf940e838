"""One proof of the data path: a real Mimir on the configuration, bucket and credentials that the program made.

The cluster's pods do not run (kwok only says so), so this starts the `mimir` binary here, on the very ConfigMap and
Secret that the deployed release has. Only addresses and directories are given anew, as flags: the file is untouched.
"""

import base64
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import httpx
from botocore.config import Config
from kubernetes import client, config
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from sandbox.toolchain import Toolchain
from sandbox.world import Connections

_METRIC = "telemetry_smoke"
_TENANT = "anonymous"
"""Mimir's tenant while multi-tenancy is off."""

_RINGS = (
    "alertmanager.sharding-ring",
    "compactor.ring",
    "distributor.ring",
    "ingester.ring",
    "query-scheduler.ring",
    "ruler.ring",
    "store-gateway.sharding-ring",
)


@dataclass(frozen=True)
class Proof:
    """What was seen: the value sent and read back, the bucket, the block's key in it, and the seconds it took."""

    sent: int
    read: int
    bucket: str
    block: str
    seconds: float


@dataclass(frozen=True)
class Deployed:
    """What the release has on the cluster."""

    config: str
    runtime: str
    fallback: str
    environment: dict[str, str]
    bucket: str


def prove(namespace: str, bucket: str, toolchain: Toolchain, connections: Connections) -> Proof:
    """Send a metric through a real Mimir, read it back, and find its block in the bucket.

    Raises:
        RuntimeError: Mimir did not start; the message ends with its last lines.
        tenacity.RetryError: the metric or the block did not appear in its time.
    """
    begun = time.monotonic()
    deployed = _deployed(namespace, bucket, connections)
    value = int(time.time())
    with (
        tempfile.TemporaryDirectory(prefix="telemetry-smoke-") as directory,
        _mimir(deployed, Path(directory), toolchain) as url,
    ):
        _send(url, value)
        read = _read(url)
        httpx.post(f"{url}/ingester/flush", params={"wait": "true"}, timeout=60).raise_for_status()
        block = _block(deployed, connections)
    return Proof(value, read, bucket, block, time.monotonic() - begun)


def _deployed(namespace: str, bucket: str, connections: Connections) -> Deployed:
    core = client.CoreV1Api(config.new_client_from_config(str(connections.kubeconfig), connections.context))
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
def _mimir(deployed: Deployed, directory: Path, toolchain: Toolchain) -> Iterator[str]:
    """Run Mimir with all roles in one process, and yield its address once it is ready."""
    (directory / "mimir.yaml").write_text(deployed.config)
    (directory / "runtime.yaml").write_text(deployed.runtime)
    (directory / "fallback.yaml").write_text(deployed.fallback)
    http, grpc, gossip = free_ports(3)
    command = [str(toolchain.path("mimir")), *_flags(directory, http, grpc, gossip)]
    with (directory / "log").open("w+") as log:
        process = subprocess.Popen(command, env=deployed.environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{http}"
            _wait_ready(url, process, directory / "log")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _flags(directory: Path, http: int, grpc: int, gossip: int) -> list[str]:
    here = f"127.0.0.1:{grpc}"
    return [
        "-target=all",
        f"-config.file={directory / 'mimir.yaml'}",
        "-config.expand-env=true",
        "-server.http-listen-address=127.0.0.1",
        f"-server.http-listen-port={http}",
        "-server.grpc-listen-address=127.0.0.1",
        f"-server.grpc-listen-port={grpc}",
        "-memberlist.bind-addr=127.0.0.1",
        f"-memberlist.bind-port={gossip}",
        *(f"-{ring}.instance-addr=127.0.0.1" for ring in _RINGS),
        "-query-frontend.instance-addr=127.0.0.1",
        f"-query-frontend.scheduler-address={here}",
        f"-querier.scheduler-address={here}",
        "-store-gateway.sharding-ring.wait-stability-min-duration=0",
        "-compactor.ring.wait-stability-min-duration=0",
        "-activity-tracker.filepath=",
        "-ingester.ring.tokens-file-path=",
        "-store-gateway.sharding-ring.tokens-file-path=",
        f"-runtime-config.file={directory / 'runtime.yaml'}",
        f"-alertmanager.configs.fallback={directory / 'fallback.yaml'}",
        f"-alertmanager.storage.path={directory / 'alertmanager'}",
        f"-alertmanager.web.external-url=http://127.0.0.1:{http}/alertmanager",
        f"-blocks-storage.bucket-store.sync-dir={directory / 'sync'}",
        f"-blocks-storage.tsdb.dir={directory / 'tsdb'}",
        f"-compactor.data-dir={directory / 'compactor'}",
        f"-ruler.rule-path={directory / 'rules'}",
    ]


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for attempt in Retrying(
        stop=stop_after_delay(90), wait=wait_fixed(0.25), retry=retry_if_exception_type(httpx.HTTPError), reraise=True
    ):
        with attempt:
            if process.poll() is not None:
                raise RuntimeError("Mimir ended at its start:\n" + "\n".join(log.read_text().splitlines()[-15:]))
            httpx.get(f"{url}/ready").raise_for_status()


def _send(url: str, value: int) -> None:
    exporter = OTLPMetricExporter(endpoint=f"{url}/otlp/v1/metrics")
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)])
    provider.get_meter("telemetry").create_counter(_METRIC).add(value)
    if not provider.force_flush():
        raise RuntimeError(f"Mimir did not take the metric at {url}/otlp/v1/metrics")
    provider.shutdown()


def _read(url: str) -> int:
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.25)):
        with attempt:
            answer = httpx.get(f"{url}/prometheus/api/v1/query", params={"query": _METRIC}).raise_for_status()
            return int(float(answer.json()["data"]["result"][0]["value"][1]))
    raise AssertionError("unreachable: Retrying returns or raises")


def _block(deployed: Deployed, connections: Connections) -> str:
    """Return the key of a block's meta.json, seen with the credentials that the release itself uses."""
    s3 = boto3.client(
        "s3",
        endpoint_url=connections.s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id=deployed.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=deployed.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.5)):
        with attempt:
            listed = s3.list_objects_v2(Bucket=deployed.bucket, Prefix=f"{_TENANT}/").get("Contents", [])
            return next(str(each["Key"]) for each in listed if each["Key"].endswith("/meta.json"))
    raise AssertionError("unreachable: Retrying returns or raises")


def free_ports(count: int) -> list[int]:
    """Return ports on loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
