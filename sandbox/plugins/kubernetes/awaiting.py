"""Part of the kubernetes stand-in: waits until what was made or changed is in force.

How far: a Deployment until its rollout is complete, a Service until there are pods behind it (not a headless one, nor
an ExternalName), each for 10 minutes or the `timeouts` of the program. The annotation `pulumi.com/skipAwait` counts.
Not here: other kinds (the real provider also awaits Ingress, Job, PersistentVolumeClaim, Pod, StatefulSet ... and
custom resources by annotation), a load balancer's address, progress messages, the 10 s in which endpoints settle,
and the same question asked again by a refresh.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from sandbox.plugins.base import ProviderError
from sandbox.plugins.kubernetes.cluster import Cluster, Target
from sandbox.plugins.values import Properties

_TIMEOUT: Final = 600.0  # seconds, the real provider's default
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_SKIP: Final = "pulumi.com/skipAwait"


class NotReadyError(ProviderError):
    """An object is there and did not come into force; `live` is how it was last seen."""

    def __init__(self, live: Properties, reason: str) -> None:
        super().__init__(reason)
        self.live = live


class Awaiting:
    """Asks a cluster again and again, until it is content or told to stop."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End every wait."""
        self._cancelled.set()

    def ready(self, live: Properties, timeout: float) -> Properties:
        """Return the object once it is in force. `timeout`: seconds, 0 is the default. Raises NotReadyError."""
        lacking = _LACKING.get(live["kind"])
        if lacking is None or (live["metadata"].get("annotations") or {}).get(_SKIP) == "true":
            return live
        deadline, pause = time.monotonic() + (timeout or _TIMEOUT), _FIRST_PAUSE
        target = Target.of(live)
        while problems := lacking(live, self._cluster):
            late = time.monotonic() > deadline
            if late or self._cancelled.wait(pause):
                how = f"'{target.name}' timed out waiting to be Ready" if late else "Resource operation was cancelled"
                raise NotReadyError(live, "; ".join([how, *problems]))
            pause = min(pause * 2, _LONGEST_PAUSE)
            live = self._cluster.get(target) or live
        return live


def _deployment(live: Properties, _cluster: Cluster) -> list[str]:
    """Say what a rollout still lacks."""
    status = live.get("status") or {}
    if status.get("observedGeneration") != live["metadata"]["generation"]:
        return ["The Deployment controller has not seen the change"]
    conditions: dict[str, Any] = {each["type"]: each for each in status.get("conditions") or []}
    available = conditions.get("Available", {})
    complete = conditions.get("Progressing", {})
    told = [f"[{each['reason']}] {each['message']}" for each in (available, complete) if each.get("status") == "False"]
    wanted = live["spec"].get("replicas", 1)
    updated, ready = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
    in_force = (
        available.get("status") == "True"
        and complete.get("reason") == "NewReplicaSetAvailable"
        and min(updated, ready) >= wanted
        # Back to a template of before, whose ReplicaSet is still being emptied, that one's pods count as updated.
        and status.get("replicas", 0) <= updated
    )
    return [] if in_force else [*told, f"Minimum number of live Pods was not attained ({ready} of {wanted} are ready)"]


def _service(live: Properties, cluster: Cluster) -> list[str]:
    """Say what a Service still lacks."""
    spec = live["spec"]
    if spec.get("clusterIP") == "None" or spec.get("type") == "ExternalName":
        return []
    endpoints = cluster.get(Target("v1", "Endpoints", live["metadata"]["namespace"], live["metadata"]["name"])) or {}
    if endpoints.get("subsets"):
        return []
    return [
        "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match "
        "labels on any Pods"
    ]


_LACKING: Final[dict[str, Callable[[Properties, Cluster], list[str]]]] = {
    "Deployment": _deployment,
    "Service": _service,
}
