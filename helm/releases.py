"""The releases that a stack may have: what they and their Secrets are called, and who makes their values."""

from collections.abc import Callable

from helm import tempo, tempo_distributed
from helm.common import Values
from settings.traces import Topology

RELEASE_TYPE = "kubernetes:helm.sh/v3:Release"
"""What Pulumi calls a release."""
MIMIR = "mimir"
"""Mimir's release."""
TEMPO: dict[Topology, str] = {"monolithic": "tempo", "distributed": "tempo-distributed"}
"""The release of each topology. Two names, so that during a move both are there."""
TEMPO_VALUES: dict[Topology, Callable[..., Values]] = {
    "monolithic": tempo.values,
    "distributed": tempo_distributed.values,
}
MIMIR_SECRET = "mimir-s3"  # noqa: S105 - a Secret's name
TEMPO_SECRET = "tempo-s3"  # noqa: S105 - a Secret's name


def mimir_gateway(namespace: str) -> str:
    """Return the address of Mimir's gateway in the cluster."""
    return f"http://{MIMIR}-gateway.{namespace}.svc"


def push_url(namespace: str) -> str:
    """Return where Prometheus remote-write goes, Tempo's metrics-generator included."""
    return f"{mimir_gateway(namespace)}/api/v1/push"
