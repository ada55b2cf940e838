"""One real Mimir by itself: all roles in one process, with files for buckets, on the configuration that it is given.

`sandbox/mimir_ring.py` runs several on what a release has; here only tenants, limits and TLS are of interest.
"""

import re
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from sandbox.gateway.pair import PairFiles
from sandbox.mimir_ring import RINGS
from sandbox.readiness import await_ready

PORT = 8080
_GRPC_PORT, _GOSSIP_PORT = 9095, 7946
_REPLICATED = ("alertmanager.sharding-ring", "ingester.ring", "store-gateway.sharding-ring")
_SECONDS_TO_START = 90
_COUNT = re.compile(r'^cortex_request_duration_seconds_count\{.*route="([^"/]*)".*\} (\d+)$', re.MULTILINE)
"""Requests over HTTP by route; the routes of gRPC have a slash in them."""
_NO_ALERTS = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
"""What the Alertmanager does for tenants that have not said it; the chart has such a file as well."""
_OURS = {"metrics", "ready"}
"""The routes that the harness itself asks."""


@dataclass(frozen=True)
class Mimir:
    """A running Mimir."""

    address: str
    client: httpx.Client
    pid: int

    def requests(self) -> int:
        """Return how many requests it has taken, without those of the harness."""
        counts = _COUNT.findall(self.client.get("/metrics").raise_for_status().text)
        return sum(int(count) for route, count in counts if route not in _OURS)


@contextmanager
def mimir(
    program: Path,
    address: str,
    directory: Path,
    *,
    config: Mapping[str, Any],
    overrides: Mapping[str, Any],
    tls: PairFiles | None = None,
    ring: Sequence[str] = (),
    buckets: Path | None = None,
) -> Iterator[Mimir]:
    """Run Mimir at an address of loopback until it is left.

    Args:
        program: the executable.
        address: where it listens.
        directory: where its files go; it makes it.
        config: its configuration; what is said there of storage and rings does not count.
        overrides: what each tenant is granted.
        tls: what it shows on its HTTP port; None for plain HTTP.
        ring: the addresses of all that share series, each of which then has all of them; none: it is alone.
        buckets: the folder of the buckets that they share; None is one of its own.

    Raises:
        RuntimeError: it did not start; the message ends with its last lines.
    """
    directory.mkdir(parents=True)
    (directory / "mimir.yaml").write_text(yaml.safe_dump(dict(config)))
    (directory / "fallback.yaml").write_text(yaml.safe_dump(_NO_ALERTS))
    (directory / "runtime.yaml").write_text(yaml.safe_dump({"overrides": dict(overrides)}))
    scheme, verify = ("http", ssl.create_default_context()) if tls is None else ("https", _trusting(tls))
    log = directory / "log"
    way = httpx.Client(base_url=f"{scheme}://{address}:{PORT}", verify=verify, timeout=60)
    flags = _flags(address, directory, tls, ring, buckets or directory)
    with log.open("w") as output, way as client:
        process = subprocess.Popen([str(program), *flags], stdout=output, stderr=output)
        try:
            await_ready(process, "/ready", "Mimir", log, seconds=_SECONDS_TO_START, client=client)
            yield Mimir(f"{address}:{PORT}", client, process.pid)
        finally:
            process.kill()  # nobody needs its blocks
            process.wait()


def _trusting(shown: PairFiles) -> ssl.SSLContext:
    """Return a context that trusts just the certificate that is shown, whatever name is in it."""
    context = ssl.create_default_context(cafile=str(shown.certificate))
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return context


def _flags(address: str, directory: Path, tls: PairFiles | None, ring: Sequence[str], buckets: Path) -> list[str]:
    return [
        "-target=all,alertmanager",
        f"-config.file={directory / 'mimir.yaml'}",
        f"-runtime-config.file={directory / 'runtime.yaml'}",
        f"-server.http-listen-address={address}",
        f"-server.http-listen-port={PORT}",
        f"-server.grpc-listen-address={address}",
        f"-server.grpc-listen-port={_GRPC_PORT}",
        f"-memberlist.bind-addr={address}",
        f"-memberlist.bind-port={_GOSSIP_PORT}",
        f"-memberlist.nodename={address}",
        *(f"-memberlist.join={each}:{_GOSSIP_PORT}" for each in ring[:1]),
        *(f"-{each}.store={'memberlist' if ring else 'inmemory'}" for each in RINGS),
        *(f"-{each}.instance-id={address}" for each in RINGS),
        *(f"-{each}.instance-addr={address}" for each in RINGS),
        *(f"-{each}.replication-factor={max(1, len(ring))}" for each in _REPLICATED),
        "-ingester.ring.min-ready-duration=0",
        "-store-gateway.sharding-ring.wait-stability-min-duration=0",
        "-compactor.ring.wait-stability-min-duration=0",
        f"-query-frontend.instance-addr={address}",
        f"-query-frontend.scheduler-address={address}:{_GRPC_PORT}",
        f"-querier.scheduler-address={address}:{_GRPC_PORT}",
        "-common.storage.backend=filesystem",
        *(f"-{each}-storage.filesystem.dir={buckets / each}" for each in ("blocks", "ruler", "alertmanager")),
        "-activity-tracker.filepath=",
        f"-alertmanager.configs.fallback={directory / 'fallback.yaml'}",
        f"-alertmanager.storage.path={directory / 'alertmanager-data'}",
        f"-alertmanager.web.external-url=http://{address}:{PORT}/alertmanager",
        "-ruler.alertmanager-url=",
        f"-blocks-storage.bucket-store.sync-dir={directory / 'sync'}",
        f"-blocks-storage.tsdb.dir={directory / 'tsdb'}",
        f"-compactor.data-dir={directory / 'compactor'}",
        f"-ruler.rule-path={directory / 'rules'}",
        *_tls_flags(tls),
    ]


def _tls_flags(tls: PairFiles | None) -> list[str]:
    certificate, key = tls or ("", "")
    return [f"-server.http-tls-cert-path={certificate}", f"-server.http-tls-key-path={key}"]
