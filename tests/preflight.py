"""Has single checks ask what answers in place of an API server before an `up`."""

from pathlib import Path

from telemetry.operations.preflight import in_cluster
from telemetry.operations.preflight.in_cluster import Check
from tests.doubles import kubeconfig
from tests.support import Change, load_stack, put


def findings_at(server: str, folder: Path, check: Check, environment: str, *changes: Change) -> list[str]:
    """Return what a check finds of a stack at a server, for whose kubeconfig there is a folder."""
    file = folder / "kubeconfig"
    file.write_text(kubeconfig(server, f"ca7f8f-{environment}", "kt0-fake"))
    stack = load_stack(environment, put("kubernetes.kubeconfig", str(file)), *changes)
    return in_cluster.findings(stack, [check])
