"""Objects of each kind, as a ResourceQuota counts them: how many is known once charts are rendered."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from telemetry.capacity.counted import needed, shortage
from telemetry.kubernetes.manifests import flatten_lists
from telemetry.stack import Stack

_BY_NAME = ("services", "secrets", "configmaps", "replicationcontrollers", "resourcequotas")
"""What has a name without `count/` as well."""


def check(stack: Stack, objects: Iterable[Mapping[str, Any]], *, releases: int) -> Iterator[str]:
    """Yield what the quota has too little of; what settings tell by themselves is left to `capacity.counted`.

    Args:
        stack: its settings.
        objects: all that there will be, Helm's releases rendered.
        releases: how many releases there are, each of which Helm remembers in a Secret a revision.
    """
    quota, used = stack.namespace.quota_in_force, stack.namespace.used
    if quota is None:
        return
    there = counts(objects)
    there.update({"secrets": releases, "count/secrets": releases})
    for name, hard in quota.counted.items():
        already = used.counted.get(name, 0) if used else 0
        if needed(stack, name) is None and already + there[name] > hard:
            yield shortage(f"telemetry:namespace.quota.counted.{name}", name, already, there[name], hard)


def counts(objects: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Return how many there are of each resource, by the names that a ResourceQuota has for them."""
    found: Counter[str] = Counter()
    for each in flatten_lists(objects):
        kind, version = str(each["kind"]).lower(), str(each.get("apiVersion", "v1"))
        plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
        group = version.partition("/")[0] if "/" in version else ""
        found[f"count/{plural}.{group}" if group else f"count/{plural}"] += 1
        if not group and plural in _BY_NAME:
            found[plural] += 1
        if plural == "services":
            found.update(_of_service(each.get("spec") or {}))
    return found


def _of_service(spec: Mapping[str, Any]) -> dict[str, int]:
    """Return what a Service counts as besides: a load balancer has ports on the nodes too, unless it says otherwise."""
    kind, ports = spec.get("type"), len(spec.get("ports") or ())
    balanced = kind == "LoadBalancer"
    on_nodes = kind == "NodePort" or (balanced and spec.get("allocateLoadBalancerNodePorts", True))
    return {"services.loadbalancers": int(balanced), "services.nodeports": ports if on_nodes else 0}
