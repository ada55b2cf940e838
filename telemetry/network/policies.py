"""NetworkPolicies of flows: one for each workload, and one that denies whatever none of them allows.

They select the stack's own pods only. Others may live in the namespace, and a policy would cut them off as well.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from telemetry.network.flows import flows_of
from telemetry.network.peers import labels_of, workloads_of
from telemetry.spec.flows import COMPONENT_LABEL, INSTANCE_LABEL, NAME_LABEL, Flow, Outside, Peer, Pods, Port
from telemetry.stack import Stack

Body = dict[str, Any]
"""A NetworkPolicy's spec, or a part of it, in Kubernetes' own terms."""

DEFAULT_DENY = "telemetry-default-deny"
_BOTH_WAYS = ["Ingress", "Egress"]


def policies_of(stack: Stack) -> dict[str, Body]:
    """Return the specs of a stack's NetworkPolicies by name; none where they are switched off.

    Raises:
        SettingError: nobody says where the object store is.
    """
    if not stack.security.network_policies:
        return {}
    flows = flows_of(stack)
    of_workloads = {pods.name: _of_workload(pods, flows) for pods in workloads_of(stack)}
    return {DEFAULT_DENY: _default_deny(stack), **of_workloads}


def _default_deny(stack: Stack) -> Body:
    """Return what closes pods that no other policy knows, such as those of a role that a new chart adds."""
    names, instances = labels_of(stack)
    ours = [_among(NAME_LABEL, names), _among(INSTANCE_LABEL, instances)]
    return {"podSelector": {"matchExpressions": ours}, "policyTypes": _BOTH_WAYS}


def _of_workload(pods: Pods, flows: Iterable[Flow]) -> Body:
    rules = {
        "ingress": [_rule("from", flow.sources, flow.ports) for flow in flows if pods in flow.targets],
        "egress": [_rule("to", flow.targets, flow.ports) for flow in flows if pods in flow.sources],
    }
    # The API server drops an empty list, which would look like drift.
    stated = {way: listed for way, listed in rules.items() if listed}
    return {"podSelector": {"matchLabels": pods.labels}, "policyTypes": _BOTH_WAYS, **stated}


def _rule(way: str, peers: tuple[Peer, ...], ports: tuple[Port, ...]) -> Body:
    return {way: list(_selectors(peers)), "ports": [{"port": each.number, "protocol": each.protocol} for each in ports]}


def _selectors(peers: tuple[Peer, ...]) -> Iterator[Body]:
    """Yield selectors: one for all roles of a release, one for each selector and range of addresses."""
    inside = [peer for peer in peers if isinstance(peer, Pods)]
    for (app, release), members in groupby(inside, key=lambda pods: (pods.app, pods.release)):
        roles = [pods.role for pods in members if pods.role is not None]
        narrowed = {"matchExpressions": [_among(COMPONENT_LABEL, roles)]} if roles else {}
        yield {"podSelector": {"matchLabels": {NAME_LABEL: app, INSTANCE_LABEL: release}, **narrowed}}
    for peer in peers:
        if isinstance(peer, Outside):
            yield from _outside(peer)


def _outside(peer: Outside) -> Iterator[Body]:
    pods = {"podSelector": {"matchLabels": peer.place.pods}} if peer.place.pods else {}
    for labels in peer.place.namespaces:
        yield {"namespaceSelector": {"matchLabels": labels} if labels else {}, **pods}
    for cidr in peer.place.cidrs:
        yield {"ipBlock": {"cidr": cidr}}


def _among(label: str, values: Iterable[str]) -> Body:
    return {"key": label, "operator": "In", "values": list(values)}
