"""Flows as a picture, in Mermaid's text, which GitHub and GitLab draw.

What each pod has alike is left to the table: gossip within a release, DNS, scraping, and the proof by `smoke`.
"""

from collections.abc import Iterable, Iterator

from telemetry.network.flows import flows_of
from telemetry.network.peers import neighbours_of, workloads_of
from telemetry.network.table import ports_text
from telemetry.spec.flows import Flow, Outside, Peer, Pods
from telemetry.stack import Stack


def mermaid(stack: Stack) -> str:
    """Return the picture of one stack; the same settings always make the same text."""
    running = workloads_of(stack)
    edges = [edge for flow in flows_of(stack) if _is_drawn(flow, stack) for edge in _edges(flow, running)]
    return "\n".join(["graph LR", *(f"  {line}" for line in [*_nodes(running), *edges])])


def _is_drawn(flow: Flow, stack: Stack) -> bool:
    others = neighbours_of(stack)
    left_out = (others.dns, others.monitoring, others.api_server)
    return flow.sources != flow.targets and not any(peer in left_out for peer in flow.sources + flow.targets)


def _nodes(running: Iterable[Pods]) -> Iterator[str]:
    """Yield a box for each release of several roles, and its roles in it."""
    releases: dict[str, list[Pods]] = {}
    for pods in running:
        releases.setdefault(pods.release, []).append(pods)
    for release, members in releases.items():
        if members == [Pods(members[0].app, release)]:
            yield f'{_id(members[0])}["{release}"]'
            continue
        yield f'subgraph in_{release.replace("-", "_")}["{_title(members[0])}"]'
        yield from (f'  {_id(pods)}["{pods.role}"]' for pods in members)
        yield "end"


def _edges(flow: Flow, running: tuple[Pods, ...]) -> Iterator[str]:
    """Yield one arrow from all sources to all targets that there are."""
    sources, targets = (
        " & ".join(_node(peer) for peer in side if isinstance(peer, Outside) or peer in running)
        for side in (flow.sources, flow.targets)
    )
    if sources and targets:
        yield f'{sources} -->|"{ports_text(flow.ports)}"| {targets}'


def _title(pods: Pods) -> str:
    """Return what a release is called: after its backend, and after its shape where that is in its name."""
    shape = pods.release.removeprefix(pods.app).lstrip("-")
    return ", ".join(filter(None, (pods.app.capitalize(), shape)))


def _node(peer: Peer) -> str:
    return f'{_id(peer)}(["{peer.name}"])' if isinstance(peer, Outside) else _id(peer)


def _id(peer: Peer) -> str:
    """Return a name that is no word of Mermaid's (`end`, `graph`) and has no blanks."""
    return f"n_{peer.name.replace('-', '_').replace(' ', '_')}"
