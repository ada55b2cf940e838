"""Flows as Markdown: who may speak with whom, in which stack, and where the stacks look for their neighbours."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from telemetry.config.markdown import table
from telemetry.config.network import NAMESPACE_LABEL, Destination
from telemetry.network.flows import flows_of
from telemetry.network.peers import neighbours_of, workloads_of
from telemetry.spec.flows import Outside, Peer, Pods, Port
from telemetry.stack import Stack

EVERY_POD = "every pod of the stack"
_Key = tuple[str, tuple[Port, ...], tuple[str, ...]]


@dataclass
class _Row:
    """A flow of several stacks, which has the same targets in all of them: the sources that it has in any."""

    sources: list[Peer] = field(default_factory=list)
    targets: list[Peer] = field(default_factory=list)
    stacks: list[str] = field(default_factory=list)


def flows_table(stacks: Mapping[str, Stack]) -> str:
    """Return a table of all flows, one row each, that says in which stacks it holds; those of the last stack first."""
    rows: dict[_Key, _Row] = {}
    for name, stack in reversed([*stacks.items()]):
        for flow in flows_of(stack):
            row = rows.setdefault((flow.why, flow.ports, tuple(each.name for each in flow.targets)), _Row())
            row.sources += [each for each in flow.sources if each not in row.sources]
            row.targets += [each for each in flow.targets if each not in row.targets]
            row.stacks.append(name)
    everybody = [pods for stack in stacks.values() for pods in workloads_of(stack)]
    lines = (
        (
            words(row.sources, everybody),
            words(row.targets, everybody),
            ports_text(ports),
            why,
            *("yes" if name in row.stacks else "" for name in stacks),
        )
        for (why, ports, _), row in rows.items()
    )
    return table(("from", "to", "port", "why", *stacks), lines)


def neighbours_table(stacks: Mapping[str, Stack]) -> str:
    """Return a table of where each stack looks for those who are not of it."""
    of_stacks = {name: neighbours_of(stack) for name, stack in stacks.items()}
    fields = next(iter(of_stacks.values()))._fields
    lines = ((f"`{key}`", *(_place(getattr(neighbours, key)) for neighbours in of_stacks.values())) for key in fields)
    return table(("telemetry:security", *stacks), lines)


def words(peers: Iterable[Peer], everybody: Iterable[Pods] = ()) -> str:
    """Return peers as words, the roles of a release together."""
    listed = list(peers)
    if everybody and all(pods in listed for pods in everybody):
        return EVERY_POD
    return "; ".join(_words(listed))


def ports_text(ports: Iterable[Port]) -> str:
    """Return ports as words: TCP where nothing else is said, both protocols of a number together."""
    protocols: dict[int, list[str]] = {}
    for port in ports:
        protocols.setdefault(port.number, []).append(port.protocol)
    return ", ".join(
        str(number) if names == ["TCP"] else f"{number} ({' and '.join(names)})" for number, names in protocols.items()
    )


def _words(peers: list[Peer]) -> Iterator[str]:
    for release, members in groupby(peers, key=lambda peer: peer.release if isinstance(peer, Pods) else None):
        if release is None:
            yield from dict.fromkeys(peer.name for peer in members)  # one name, in another place in each stack
            continue
        roles = [peer.role for peer in members if isinstance(peer, Pods) and peer.role is not None]
        yield f"`{release}`" + (f": {', '.join(roles)}" if roles else "")


def _place(peer: Outside) -> str:
    place = peer.place
    names = [_selector(labels) for labels in place.namespaces]
    pods = f", pods `{_labels(place.pods)}`" if place.pods else ""
    where = [*(f"{name}{pods}" for name in names), *(f"`{cidr}`" for cidr in place.cidrs)]
    ports = f", port {', '.join(map(str, place.ports))}" if isinstance(place, Destination) and where else ""
    return (" or ".join(where) or "nobody") + ports


def _selector(labels: Mapping[str, str]) -> str:
    if not labels:
        return "every namespace"
    return f"`{labels[NAMESPACE_LABEL]}`" if [*labels] == [NAMESPACE_LABEL] else f"namespaces `{_labels(labels)}`"


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())
