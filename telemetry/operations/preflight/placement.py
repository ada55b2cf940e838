"""Checks that the cluster has the nodes and classes that pods need: a waiting pod fails an `up` after 15 minutes."""

from collections.abc import Iterator, Mapping

from kubernetes import client

from telemetry.clients.kubernetes import METADATA_LIST, get, is_missing
from telemetry.config.labels import LabelKey, LabelValue
from telemetry.config.placement import Placement
from telemetry.spec.values.placement import is_hard
from telemetry.stack import Stack
from telemetry.stack.placements import Placed, placed_of

Labels = Mapping[LabelKey, LabelValue]

_PRIORITY, _STORAGE = "/apis/scheduling.k8s.io/v1/priorityclasses", "/apis/storage.k8s.io/v1/storageclasses"


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way; nothing where we may not look."""
    placed = list(_placed(stack))
    return [*_nodes(api, stack, placed), *_classes(api, stack, placed)]


def _placed(stack: Stack) -> Iterator[Placed]:
    yield from placed_of(stack)
    if stack.collector is not None and stack.collector.deploys:
        chosen = {name: getattr(stack.collector, name) for name in ("node_selector", "priority_class")}
        yield Placed("telemetry:collector", Placement.model_construct(spread_over=[], storage_class=None, **chosen), ())


def _nodes(api: client.ApiClient, stack: Stack, placed: list[Placed]) -> Iterator[str]:
    """Yield what no node has."""
    asked = [each for each in placed if each.placement.node_selector or any(_hard_keys(stack, each))]
    if stack.kubernetes.nodes_on_demand or not asked:
        return
    try:
        listed = get(api, "/api/v1/nodes", accept=METADATA_LIST)
    except client.ApiException:  # who deploys into a namespace often may not see nodes
        return
    nodes = [each["metadata"].get("labels") or {} for each in listed.get("items") or ()]
    for each in asked:
        fitting = [labels for labels in nodes if each.placement.node_selector.items() <= labels.items()]
        if not fitting:
            selector = ", ".join(f"{key}={value}" for key, value in each.placement.node_selector.items())
            yield (
                f"{each.key}.node_selector: {selector}: none of the cluster's {len(nodes)} nodes has this, so every "
                "pod would wait for one; label nodes, correct it, or if nodes are made on demand set "
                "telemetry:kubernetes.nodes_on_demand: true"
            )
            continue
        for key in _hard_keys(stack, each):
            if not any(key in labels for labels in fitting):
                yield (
                    f"{each.key}.spread_over: {key}: telemetry:kubernetes.nodes says that nodes have this label, and "
                    f"none of the {len(fitting)} on which these pods may run has it, so they would wait for ever; "
                    "label them, or correct kubernetes.nodes"
                )


def _hard_keys(stack: Stack, placed: Placed) -> Iterator[str]:
    for key in placed.placement.spread_over:
        if any(most > 1 and is_hard(key, stack.kubernetes.nodes, most) for most in placed.replicas):
            yield key


def _classes(api: client.ApiClient, stack: Stack, placed: list[Placed]) -> Iterator[str]:
    """Yield classes that do not exist: pods with them are refused, and volume claims wait for ever."""
    common = stack.priority_class
    made = common.name if common is not None and common.value is not None else None
    asked = [
        (f"{each.key}.{field}", where, getattr(each.placement, field))
        for each in placed
        for field, where in (("priority_class", _PRIORITY), ("storage_class", _STORAGE))
    ]
    asked += [("telemetry:priority_class.name", _PRIORITY, common.name)] if common is not None else []
    for key, where, name in asked:
        if name is not None and (where, name) != (_PRIORITY, made) and is_missing(api, f"{where}/{name}"):
            yield (
                f"{key}: {name!r} does not exist on the cluster; "
                f"kubectl get {where.rpartition('/')[2]} lists those that do"
            )
