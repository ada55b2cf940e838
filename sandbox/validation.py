"""Stands in for the pods of Mimir, which do not run here: real Mimirs on what a stack has made, to be validated."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commands import stack_file
from sandbox.mimir_ring import ring
from sandbox.smoke import deployed_in
from sandbox.toolchain import Toolchain
from sandbox.world import Connections

_NAMES = ("remote_write", "otlp_http", "query", "admin", "flush")
_PATHS = {"remote_write": "/api/v1/push", "otlp_http": "/otlp/v1/metrics", "query": "/prometheus"}


@contextmanager
def addresses(stack: str, file: Path, toolchain: Toolchain, connections: Connections) -> Iterator[dict[str, str]]:
    """Run as many Mimirs as the stack has ingesters, and yield their addresses as `commands validate` names them.

    Raises:
        RuntimeError: Mimir did not start; the message ends with its last lines.
    """
    settings = stack_file.load(stack, file)
    deployed = deployed_in(settings.namespace.name, settings.metrics_buckets["blocks"], connections)
    ingesters = settings.metrics.roles["ingester"].replicas
    with (
        tempfile.TemporaryDirectory(prefix="telemetry-validate-") as directory,
        ring(deployed, ingesters, Path(directory), toolchain.path("mimir")) as members,
    ):
        yield {f"metrics.{name}": f"{members[0].url}{_PATHS.get(name, '')}" for name in _NAMES}
