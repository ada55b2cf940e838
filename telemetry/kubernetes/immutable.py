"""Fields that the API server refuses to change in place.

Helm does not delete and make again: with such a change the upgrade fails, and nothing of it is undone.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from telemetry.kubernetes.diff import Change

_STATEFUL_SET_MAY = (
    "minReadySeconds", "ordinals", "persistentVolumeClaimRetentionPolicy", "replicas", "revisionHistoryLimit",
    "template", "updateStrategy",
)  # fmt: skip
_FIXED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ClusterRoleBinding": (("roleRef",),),
    "DaemonSet": (("spec", "selector"),),
    "Deployment": (("spec", "selector"),),
    "Job": (("spec", "template"), ("spec", "selector"), ("spec", "completionMode")),
    "PriorityClass": (("value",), ("preemptionPolicy",)),
    "ReplicaSet": (("spec", "selector"),),
    "RoleBinding": (("roleRef",),),
    "Secret": (("type",),),
    "Service": (("spec", "clusterIP"), ("spec", "clusterIPs")),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
}


def fixed(before: Mapping[str, Any], changes: Iterable[Change]) -> list[Change]:
    """Return those changes of an object that cannot be made to it; `before` is the object as it is."""
    return [change for change in changes if _is_fixed(before, change)]


def _is_fixed(before: Mapping[str, Any], change: Change) -> bool:
    kind, path = before.get("kind"), change.path
    if kind == "StatefulSet":
        return path[:1] == ("spec",) and (len(path) == 1 or path[1] not in _STATEFUL_SET_MAY)
    if kind == "PersistentVolumeClaim":
        return path[:1] == ("spec",) and path[1:2] not in (("resources",), ("volumeAttributesClassName",))
    if kind in ("ConfigMap", "Secret") and before.get("immutable") is True:
        return path[:1] in (("data",), ("binaryData",), ("immutable",))
    return any(path[: len(prefix)] == prefix for prefix in _FIXED.get(str(kind), ()))
