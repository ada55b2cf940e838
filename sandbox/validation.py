"""Stands in for the backends' pods, which do not run here: real processes on what a stack has made, to be validated."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import own_backends
from sandbox.gateway.loopback import network
from sandbox.mimir_ring import deployed_in, ring
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.stack import file as stack_file

_NAMES = ("remote_write", "otlp_http", "query", "admin", "flush")
_PATHS = {"remote_write": "/api/v1/push", "otlp_http": "/otlp/v1/metrics", "query": "/prometheus"}


@contextmanager
def addresses(stack: str, file: Path, toolchain: Toolchain, connections: Connections) -> Iterator[dict[str, str]]:
    """Run the stack's backends, and yield their addresses as `commands validate` names them.

    Of Mimir there are as many as the stack has ingesters; of the others what is on PATH, one of each.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
    """
    settings = stack_file.load(stack, file)
    deployed = deployed_in(settings.namespace.name, settings.backend("metrics").buckets["blocks"], connections)
    ingesters = settings.metrics.roles["ingester"].replicas
    with (
        tempfile.TemporaryDirectory(prefix="telemetry-validate-") as directory,
        ring(deployed, ingesters, Path(directory), toolchain.path("mimir")) as members,
        network() as net,
        own_backends.running(settings, toolchain, connections.core(), net, Path(directory)) as others,
    ):
        asked = {name: url for name, url in others.items() if "." in name}
        yield {f"metrics.{name}": f"{members[0].url}{_PATHS.get(name, '')}" for name in _NAMES} | asked
