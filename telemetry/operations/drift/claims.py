"""Volume claims of a deployed StatefulSet. Kubernetes makes one for each pod, so no manifest has them."""

from collections.abc import Iterator

from telemetry.clients.dry_run import Cluster
from telemetry.kubernetes.managed_fields import Json
from telemetry.operations.drift.findings import DriftFinding

_DOOMED = (
    "is being deleted: it goes, with all that is on it, as soon as pod {} stops. Before anything restarts that pod, an "
    "`up` too: docs/operations.md, 'A volume claim that was deleted'"
)


def deleted(cluster: Cluster, manifest: Json, *, release: str | None) -> Iterator[DriftFinding]:
    """Yield the claims that somebody has deleted, and that only their pods, which still run, keep.

    One that is gone is none of them: its pod has been made anew by then, and an empty claim with it.
    """
    live = cluster.live(manifest) if manifest["kind"] == "StatefulSet" else None
    if live is None:
        return
    name, namespace = live["metadata"]["name"], live["metadata"].get("namespace")
    pods = [f"{name}-{number}" for number in range(live["spec"].get("replicas", 1))]
    templates = [each["metadata"]["name"] for each in live["spec"].get("volumeClaimTemplates") or ()]
    for pod, claim in ((pod, f"{template}-{pod}") for pod in pods for template in templates):
        metadata = {"name": claim, "namespace": namespace}
        found = cluster.live({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata})
        if found is not None and found["metadata"].get("deletionTimestamp"):
            subject = f"PersistentVolumeClaim {namespace}/{claim}"
            yield DriftFinding("object", subject, "", release=release, note=_DOOMED.format(pod))
