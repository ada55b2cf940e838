"""One proof of the data path: real Mimirs on the configuration, bucket and credentials that the program made.

As many as the replication factor, so that where the plan promises to survive a lost one, one is lost on the way.
"""

import base64
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import httpx
import yaml
from botocore.config import Config
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox import own_backends
from sandbox.gateway.loopback import network
from sandbox.mimir_ring import Deployed, ring
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.stack import Stack

_METRIC = "telemetry_smoke"
_HEADER = "X-Scope-OrgID"
_NOBODY = "anonymous"
"""Mimir's tenant while multi-tenancy is off."""


@dataclass(frozen=True)
class Proof:
    """What was seen: the value sent and read back, the bucket, the block's key in it, and the seconds it took."""

    sent: int
    read: int
    ingesters: int
    lost: int
    bucket: str
    block: str
    seconds: float


def prove(namespace: str, bucket: str, toolchain: Toolchain, connections: Connections) -> Proof:
    """Send a metric through real Mimirs, read it back, end them, and find the block that they flushed in the bucket.

    With a replication factor of 3 one of the three is killed before the metric is sent: the other two must do.

    Raises:
        RuntimeError: Mimir did not start, or did not take the metric; the message ends with its last lines.
        tenacity.RetryError: the metric or the block did not appear in its time.
    """
    begun, value = time.monotonic(), int(time.time())
    deployed = deployed_in(namespace, bucket, connections)
    ingesters = int(yaml.safe_load(deployed.config)["ingester"]["ring"]["replication_factor"])
    tenant = _tenant(deployed)
    before = _blocks(deployed, tenant, connections)
    with (
        tempfile.TemporaryDirectory(prefix="telemetry-smoke-") as directory,
        ring(deployed, ingesters, Path(directory), toolchain.path("mimir")) as members,
    ):
        lost = members[1:][: (ingesters - 1) // 2]
        for member in lost:
            member.lose()
        _send(members[0].url, tenant, value)
        read = _read(members[0].url, tenant)
    block = _new_block(deployed, tenant, connections, before)
    return Proof(value, read, ingesters, len(lost), bucket, block, time.monotonic() - begun)


def others_start(settings: Stack, toolchain: Toolchain, connections: Connections) -> Iterator[str]:
    """Start the stack's other backends, as far as the user has them, and say of each how it went.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
    """
    skipped = own_backends.missing(settings, toolchain)
    with (
        tempfile.TemporaryDirectory(prefix="telemetry-smoke-") as directory,
        network() as net,
        own_backends.running(settings, toolchain, connections.core(), net, Path(directory)),
    ):
        for name in own_backends.wanted(settings):
            yield f"{name}: skipped, {skipped[name]}" if name in skipped else f"{name}: is ready on what was deployed"


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


def _tenant(deployed: Deployed) -> str:
    """Return the first tenant that the release knows; Mimir takes no notice of the name where it knows none."""
    overrides = (yaml.safe_load(deployed.runtime) or {}).get("overrides") or {_NOBODY: {}}
    return str(next(iter(overrides)))


def _send(url: str, tenant: str, value: int) -> None:
    exporter = OTLPMetricExporter(endpoint=f"{url}/otlp/v1/metrics", headers={_HEADER: tenant})
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)])
    provider.get_meter("telemetry").create_counter(_METRIC).add(value)
    if not provider.force_flush():
        raise RuntimeError(f"Mimir did not take the metric at {url}/otlp/v1/metrics")
    provider.shutdown()


def _read(url: str, tenant: str) -> int:
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.25)):
        with attempt:
            asked = f"{url}/prometheus/api/v1/query"
            answer = httpx.get(asked, params={"query": _METRIC}, headers={_HEADER: tenant}).raise_for_status()
            return int(float(answer.json()["data"]["result"][0]["value"][1]))
    raise AssertionError("unreachable: Retrying returns or raises")


def _new_block(deployed: Deployed, tenant: str, connections: Connections, before: set[str]) -> str:
    """Return the key of the meta.json of a block that was not there before."""
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.5)):
        with attempt:
            return min(_blocks(deployed, tenant, connections) - before)
    raise AssertionError("unreachable: Retrying returns or raises")


def _blocks(deployed: Deployed, tenant: str, connections: Connections) -> set[str]:
    """Return the keys of all blocks' meta.json, seen with the credentials that the release itself uses."""
    s3 = boto3.client(
        "s3",
        endpoint_url=connections.s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id=deployed.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=deployed.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )
    listed = s3.list_objects_v2(Bucket=deployed.bucket, Prefix=f"{tenant}/").get("Contents", [])
    return {str(each["Key"]) for each in listed if each["Key"].endswith("/meta.json")}
