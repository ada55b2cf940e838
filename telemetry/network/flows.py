"""The flows of a stack: who opens connections to whom. Policies, the table and the picture are made of them.

Ports are those of the pods, which is what a policy sees; Services in front of them may bear others. What is known of
one backend is in the `flows.py` of its folder. Kubelet's probes need no flow: a pod is always reached from its own
node.
"""

from collections.abc import Iterable, Iterator, Sequence

from telemetry.config.network import NAMESPACE_LABEL, Destination, Place
from telemetry.gateway.layout import Layout
from telemetry.monitoring.scraping import Target, targets_of
from telemetry.network.peers import Neighbours, collector, gateway, neighbours_of, workloads_of
from telemetry.spec.flows import Entry, Exit, Flow, Outside, Peer, Pods, Port
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP
from telemetry.stack import Stack
from telemetry.stack.backends import StackBackend, metrics_first

_Backends = Sequence[StackBackend]
_DNS_PORTS = {"kubernetes": (53,), "openshift": (53, 5353)}
"""OpenShift's DNS pods listen on 5353, which is what a policy sees there; other plugins look before the Service."""


def flows_of(stack: Stack) -> tuple[Flow, ...]:
    """Return the flows of a stack.

    Raises:
        SettingError: nobody says where the object store is, or who knows an OpenID provider's tokens.
    """
    backends, running, others = stack.backends, workloads_of(stack), neighbours_of(stack)
    flows = (
        *(_with_gateway if stack.gateway else _without_gateway)(backends, others),
        *_smoke(backends, others),
        *_samples(backends),
        *_collected(stack, backends, running, others),
        *_inner(backends, running),
        *_outer(stack, backends, running, others),
    )
    return tuple(flow for flow in flows if flow.sources and flow.targets)


def _with_gateway(backends: _Backends, others: Neighbours) -> Iterator[Flow]:
    """Yield the way in through our gateway, and what it passes on."""
    ours, layout = (gateway(),), Layout()
    https, grpc = Port(layout.https_port), Port(layout.grpc_port)
    yield Flow(_peers(others.clients), ours, (https, grpc), "telemetry is sent and read, with credentials")
    yield Flow(_peers(others.grafana), ours, (https,), "datasources query, with credentials")
    yield Flow(_peers(others.ingress), ours, (https, grpc), "what comes from outside is passed on, with credentials")
    for backend in backends:
        yield from _entries(ours, backend.network.from_gateway)
    yield _to(ours, others.oidc, "the gateway asks whose a token of the OpenID provider is")
    yield Flow(_peers(others.api_server), ours, (https,), "`smoke` sees that the gateway refuses strangers")


def _without_gateway(backends: _Backends, others: Neighbours) -> Iterator[Flow]:
    """Yield the ways in where each backend is reached by itself."""
    for backend in backends:
        yield from _entries(_peers(others.clients), backend.network.from_clients)
    for backend in backends:
        yield from _entries(_peers(others.grafana), backend.network.from_grafana)
    for backend in backends:
        yield from backend.network.forwarded


def _smoke(backends: _Backends, others: Neighbours) -> Iterator[Flow]:
    """Yield what `smoke` needs: it goes through the API server's proxy, past the gateway to what is behind."""
    for backend in metrics_first(backends):
        yield from _entries(_peers(others.api_server), backend.network.from_smoke)


def _samples(backends: _Backends) -> Iterator[Flow]:
    """Yield what other backends write to the metrics backend."""
    networks = [(backend.network, backend.of.http_port) for backend in backends]
    takers = [(each.takes_samples, (Port(each.samples_port or http),)) for each, http in networks]
    for backend in backends:
        for sent in backend.network.sends_samples:
            for targets, ports in takers:
                yield Flow(sent.sources, targets, ports, sent.why)


def _collected(stack: Stack, backends: _Backends, running: tuple[Pods, ...], others: Neighbours) -> Iterator[Flow]:
    """Yield the ways to and from the collector, where the program deploys it."""
    ours, layout, settings = (collector(),), Layout(), stack.collector
    if settings is None or stack.collector_role is None:
        return
    otlp = (Port(OTLP_GRPC), Port(OTLP_HTTP))
    yield Flow(_peers(others.clients), ours, otlp, "applications send to the collector")
    if stack.gateway is not None:
        https, grpc = Port(layout.https_port), Port(layout.grpc_port)
        yield Flow(ours, (gateway(),), (https, grpc), "the collector sends on, with a tenant's credential")
    else:
        for backend in backends:
            yield from _entries(ours, backend.network.from_collector)
    if stack.collector_scrapes:
        for target in targets_of(stack):
            why = f"the collector scrapes {target.title}'s own metrics"
            yield Flow(ours, _scraped(target, running), (Port(target.port),), why)
    if stack.collector_finds_pods:
        reads = ", and reads their logs" if settings.pod_logs else ""
        api_server = Outside("API server", settings.api_server or Destination())
        yield _to(ours, api_server, f"the collector asks which pods there are{reads}")


def _inner(backends: _Backends, running: tuple[Pods, ...]) -> Iterator[Flow]:
    """Yield what goes from role to role of a backend."""
    for backend in metrics_first(backends):
        for hop in backend.network.hops:
            sources, targets = (tuple(pods for pods in side if pods in running) for side in (hop.sources, hop.targets))
            yield Flow(sources, targets, hop.ports, hop.why)


def _outer(stack: Stack, backends: _Backends, running: tuple[Pods, ...], others: Neighbours) -> Iterator[Flow]:
    """Yield what goes to systems beside the stack, and what they fetch."""
    networks = [backend.network for backend in backends]
    users = tuple(pods for pods in running if any(pods in network.uses_buckets for network in networks))
    yield _to(users, others.object_store, "buckets are read and written")
    for network in networks:
        yield from _exits(network.notifies, others.alert_receivers, running)
    for target in (each for each in targets_of(stack) if each.is_ours):
        why = f"{target.title}'s own metrics are scraped"
        yield Flow(_peers(others.monitoring), _scraped(target, running), (Port(target.port),), why)
    numbers = _DNS_PORTS[stack.kubernetes.platform]
    asked = tuple(Port(number, protocol) for number in numbers for protocol in ("UDP", "TCP"))
    yield Flow(running, _peers(others.dns), asked, "names are resolved")


def _scraped(target: Target, running: tuple[Pods, ...]) -> tuple[Peer, ...]:
    """Return the pods that are scraped of a target."""
    if target.is_ours:
        return tuple(pods for pods in running if pods.app == target.app and pods.role not in target.without)
    place = Place(namespaces=[{NAMESPACE_LABEL: target.namespace}], pods=dict(target.labels))
    return (Outside(target.title, place),)


def _entries(sources: tuple[Peer, ...], entries: Iterable[Entry]) -> Iterator[Flow]:
    for entry in entries:
        yield Flow(sources, entry.targets, tuple(map(Port, entry.ports)), entry.why)


def _exits(exits: Iterable[Exit], target: Outside, running: tuple[Pods, ...]) -> Iterator[Flow]:
    for each in exits:
        yield _to(tuple(pods for pods in each.sources if pods in running), target, each.why)


def _to(sources: tuple[Pods, ...], target: Outside, why: str) -> Flow:
    place = target.place
    assert isinstance(place, Destination)  # noqa: S101 - network.peers makes them so
    return Flow(sources, _peers(target), tuple(map(Port, place.ports)), why)


def _peers(outside: Outside) -> tuple[Outside, ...]:
    """Return nobody for an empty place: a rule without peers would let in everybody."""
    return () if outside.place.is_nobody else (outside,)
