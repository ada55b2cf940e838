"""Finds which pods a changed template restarts."""

from collections.abc import Mapping
from typing import Any

from telemetry.kubernetes.diff import Change
from telemetry.operations.report.model import Restart


def restart(written: Mapping[str, Any], after: Mapping[str, Any], changes: list[Change]) -> Restart | None:
    """Return what becomes of a workload's pods; None if they stay.

    Args:
        written: the object as the chart writes it: without replicas, an autoscaler has the say.
        after: the same in its normal form.
        changes: what changes of it.
    """
    kind = after.get("kind")
    if kind not in ("DaemonSet", "Deployment", "StatefulSet"):
        return None
    if not any(change.path[:2] == ("spec", "template") for change in changes):
        return None
    spec = after["spec"]
    pods = spec.get("replicas") if (written.get("spec") or {}).get("replicas") is not None else None
    if kind == "Deployment":
        return Restart(pods=pods, how=_deployment(spec["strategy"]))
    update = spec.get("updateStrategy") or {}
    if update.get("type") == "OnDelete":
        return Restart(pods=0, how="not by itself: each pod keeps the old template until it is deleted (OnDelete)")
    if kind == "DaemonSet":
        return Restart(pods=None, how="node by node")
    partition = (update.get("rollingUpdate") or {}).get("partition") or 0
    left = f"; those below {partition} stay (partition)" if partition else ""
    return Restart(pods=None if pods is None else max(pods - partition, 0), how=f"one after the other{left}")


def _deployment(strategy: Mapping[str, Any]) -> str:
    if strategy.get("type") == "Recreate":
        return "all at once: nothing answers until the new ones are ready (Recreate)"
    rolling = strategy["rollingUpdate"]
    return f"rolling, at most {rolling['maxUnavailable']} down and {rolling['maxSurge']} more at a time"
