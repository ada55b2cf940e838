"""Evaluation of NetworkPolicies, by the letter of Kubernetes' API (networking/v1, NetworkPolicySpec).

Policies only ever allow: a pod that one selects for a direction is closed in that direction but for the union of what
its policies allow, and a pod that none selects is open. A connection must be allowed at both of its ends.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Object = Mapping[str, Any]
"""A NetworkPolicy with its `metadata.namespace`, or a part of its spec."""
Direction = Literal["Ingress", "Egress"]


@dataclass(frozen=True)
class Pod:
    """A pod as policies see it."""

    namespace: str
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Port number by name and protocol, of what its containers declare."""
    address: str | None = None


@dataclass(frozen=True)
class Host:
    """A machine that is not a pod."""

    address: str


End = Pod | Host


def allows(policies: Iterable[Object], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether a connection may be opened."""
    if isinstance(source, Pod) and source is target:
        return True  # nothing keeps a pod from itself
    listed = list(policies)
    return _open(listed, "Egress", source, target, target, (port, protocol)) and _open(
        listed, "Ingress", target, source, target, (port, protocol)
    )


def _open(policies: list[Object], way: Direction, end: End, other: End, target: End, port: tuple[int, str]) -> bool:
    """Whether one end lets the connection pass; `target` is the end whose ports are meant."""
    if isinstance(end, Host):
        return True
    selecting = [each["spec"] for each in policies if _selects(each, end) and way in _types(each["spec"])]
    if not selecting:
        return True
    rules, peers = ("ingress", "from") if way == "Ingress" else ("egress", "to")
    return any(
        _matches_peers(rule.get(peers), end.namespace, other) and _matches_ports(rule.get("ports"), target, port)
        for spec in selecting
        for rule in spec.get(rules) or ()
    )


def _selects(policy: Object, pod: Pod) -> bool:
    same = policy["metadata"]["namespace"] == pod.namespace
    return same and matches(policy["spec"].get("podSelector") or {}, pod.labels)


def _types(spec: Object) -> list[str]:
    """Return the directions that a policy is about: as it says, else ingress, and egress if it has rules for that."""
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _matches_peers(peers: list[Object] | None, namespace: str, other: End) -> bool:
    return not peers or any(_matches_peer(peer, namespace, other) for peer in peers)


def _matches_peer(peer: Object, namespace: str, other: End) -> bool:
    """Whether a peer means somebody; the policy's own namespace is meant unless another is selected."""
    if (block := peer.get("ipBlock")) is not None:
        return other.address is not None and _in_block(block, other.address)
    if isinstance(other, Host):
        return False
    namespaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    inside = other.namespace == namespace if namespaces is None else matches(namespaces, other.namespace_labels)
    return inside and (pods is None or matches(pods, other.labels))


def _in_block(block: Object, address: str) -> bool:
    def within(cidr: str) -> bool:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)

    return within(block["cidr"]) and not any(map(within, block.get("except") or ()))


def _matches_ports(ports: list[Object] | None, target: End, asked: tuple[int, str]) -> bool:
    return not ports or any(_matches_port(each, target, *asked) for each in ports)


def _matches_port(rule: Object, target: End, number: int, protocol: str) -> bool:
    """Whether a rule means a port: any, a number, a range up to `endPort`, or what the target calls it."""
    stated, first = rule.get("protocol", "TCP"), rule.get("port")
    if stated != protocol:
        return False
    if first is None:
        return True
    if isinstance(first, str):
        return isinstance(target, Pod) and target.ports.get((first, protocol)) == number
    return bool(first <= number <= rule.get("endPort", first))


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a label selector means an object; an empty one means all."""
    exact: Mapping[str, str] = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in exact.items()) and all(
        _meets(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _meets(expression: Object, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case unknown:
            raise ValueError(f"{unknown} is no operator of a label selector")
