"""NetworkPolicies as a packet filter: rules of nftables for all pods of the nodes.

A pod that a policy selects for a direction is closed in that direction, but for what its policies allow. Connections
are judged when they are opened, at both of their ends, behind the translation of Services' addresses. What comes from a
node itself, such as probes, is not judged, as Kubernetes has it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Object = Mapping[str, Any]
Way = Literal["ingress", "egress"]
TABLE = "network_policies"
_PEERS = {"ingress": "from", "egress": "to"}
_OTHER = {"ingress": "saddr", "egress": "daddr"}
_OWN = {"ingress": "daddr", "egress": "saddr"}
_CLOSED = "drop"
"""In silence, as others do it: whoever is let in a moment later, such as a new pod, is heard at its second try."""


@dataclass(frozen=True)
class End:
    """A pod, or what passes for one; ``ports`` are its named ports by name and protocol."""

    address: str
    ports: Mapping[tuple[str, str], int] = field(default_factory=dict, hash=False, compare=False)


Select = Callable[[str, Object | None, Object | None], Sequence[End]]
"""Who is meant by a policy's namespace, a selector of namespaces (None: that one), and one of pods (None: all)."""


def ruleset(policies: Iterable[Object], select: Select) -> str:
    """Return the whole table, to be put in the old one's place at once."""
    by_name = {f"{policy['metadata']['namespace']}/{policy['metadata']['name']}": policy for policy in policies}
    ways: tuple[Way, ...] = ("egress", "ingress")
    parts, closed = [], {way: _closed(by_name, way, select) for way in ways}
    for way in ways:
        groups = sorted(set(closed[way].values()))
        for number, names in enumerate(groups):
            lines = [line for name in names for line in _allowed(by_name[name], way, select)]
            parts.append(_chain(f"{way}_{number}", [*dict.fromkeys(lines), _CLOSED]))
        jumps = [f"{end.address} : jump {way}_{groups.index(names)}" for end, names in closed[way].items()]
        parts.append(_named("map", way, "ipv4_addr : verdict", jumps))
    same = [f"{end.address} . {end.address}" for end in {end for way in ways for end in closed[way]}]
    parts.append(_named("set", "same", "ipv4_addr . ipv4_addr", same))  # nothing keeps a pod from itself
    judge = ["ct state established,related accept", "ip saddr . ip daddr @same accept"]
    parts.append(_chain("judge", [*judge, *(f"ip {_OWN[way]} vmap @{way}" for way in ways)]))
    parts += [_chain(hook, [f"type filter hook {hook} priority 10", "jump judge"]) for hook in ("forward", "input")]
    return "\n".join([f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{", *parts, "}", ""])


def _closed(policies: Mapping[str, Object], way: Way, select: Select) -> dict[End, tuple[str, ...]]:
    """Return who is closed in a direction, and by which policies."""
    found: dict[End, tuple[str, ...]] = {}
    for name, policy in sorted(policies.items()):
        if way in _ways(policy["spec"]):
            for end in select(policy["metadata"]["namespace"], None, policy["spec"].get("podSelector") or {}):
                found[end] = (*found.get(end, ()), name)
    return found


def _ways(spec: Object) -> list[str]:
    """Return the directions that a policy is about: as it says, else ingress, and egress if it has rules for that."""
    stated = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return [each.lower() for each in stated]


def _allowed(policy: Object, way: Way, select: Select) -> Iterator[str]:
    """Yield the rules by which a packet passes this direction."""
    spec, namespace = policy["spec"], policy["metadata"]["namespace"]
    selected = select(namespace, None, spec.get("podSelector") or {})
    for rule in spec.get(way) or ():
        for match, others in _peers(rule.get(_PEERS[way]), namespace, way, select):
            targets = selected if way == "ingress" else others
            yield from (" ".join(filter(None, (match, port, "return"))) for port in _ports(rule.get("ports"), targets))


def _peers(
    peers: Sequence[Object] | None, namespace: str, way: Way, select: Select
) -> Iterator[tuple[str, Sequence[End]]]:
    """Yield how the other end is recognised, and which pods that may be."""
    if not peers:
        yield "", ()
    for peer in peers or ():
        if block := peer.get("ipBlock"):
            without = "".join(f" ip {_OTHER[way]} != {cidr}" for cidr in block.get("except") or ())
            yield f"ip {_OTHER[way]} {block['cidr']}{without}", ()
        elif ends := select(namespace, peer.get("namespaceSelector"), peer.get("podSelector")):
            yield f"ip {_OTHER[way]} {{ {', '.join(sorted(end.address for end in ends))} }}", ends


def _ports(ports: Sequence[Object] | None, targets: Sequence[End]) -> Iterator[str]:
    """Yield how the port is recognised; a named one is another number on each pod."""
    if not ports:
        yield ""
    for port in ports or ():
        protocol, number = str(port.get("protocol", "TCP")), port.get("port")
        if number is None:
            yield f"meta l4proto {protocol.lower()}"
        elif isinstance(number, str):
            for end in targets:
                if (number, protocol) in end.ports:
                    yield f"ip daddr {end.address} {protocol.lower()} dport {end.ports[number, protocol]}"
        else:
            yield f"{protocol.lower()} dport {number}" + (f"-{port['endPort']}" if "endPort" in port else "")


def _chain(name: str, lines: Iterable[str]) -> str:
    return f"chain {name} {{\n" + "".join(f"  {line};\n" for line in lines) + "}"


def _named(kind: str, name: str, of: str, elements: Iterable[str]) -> str:
    listed = ", ".join(sorted(elements))
    return f"{kind} {name} {{ type {of}; {f'elements = {{ {listed} }};' if listed else ''} }}"
