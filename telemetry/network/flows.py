"""Who speaks with whom in a stack, as data. Policies, the table and the picture are all made from this.

Ports are those of the pods, which is what a policy sees; Services in front of them may bear others. Which role calls
which is read from the sources of Mimir 3.1 (pkg/mimir/modules.go and the clients there), Tempo 2.10.7
(cmd/tempo/app/modules.go), Loki 3.7.8 (pkg/loki/loki.go and modules.go) and Pyroscope 2.2.1 (pkg/pyroscope). Kubelet's
probes need no flow: a pod is always reached from its own node.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from telemetry.backends.loki import values as loki_chart
from telemetry.backends.mimir import values as mimir_chart
from telemetry.backends.pyroscope import values as pyroscope_chart
from telemetry.backends.tempo import values_distributed as tempo_distributed
from telemetry.backends.tempo.release import TEMPO
from telemetry.collector.scraping import scraped
from telemetry.config.network import Destination
from telemetry.gateway.layout import Layout
from telemetry.network.peers import (
    Neighbours,
    Outside,
    Party,
    Pods,
    collector,
    gateway,
    loki,
    mimir,
    neighbours_of,
    pyroscope,
    tempo,
    workloads_of,
)
from telemetry.spec.ports import LOKI_HTTP, MIMIR_HTTP, OTLP_GRPC, OTLP_HTTP, PYROSCOPE_HTTP, TEMPO_HTTP
from telemetry.stack import Stack

_GRPC, _GOSSIP, _RAFT = 9095, 7946, 9099
_DNS_PORTS = {"kubernetes": (53,), "openshift": (53, 5353)}
"""OpenShift's DNS pods listen on 5353, which is what a policy sees there; other plugins look before the Service."""


class Port(NamedTuple):
    """A port of a pod."""

    number: int
    protocol: Literal["TCP", "UDP"] = "TCP"


@dataclass(frozen=True)
class Flow:
    """Every source may open connections to every target, on these ports."""

    sources: tuple[Party, ...]
    targets: tuple[Party, ...]
    ports: tuple[Port, ...]
    why: str


class _Hop(NamedTuple):
    """A flow between roles of one backend."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    port: int
    why: str


# Not the nginx of Mimir's chart, the query-scheduler and the overrides-exporter, which use no ring.
_MIMIR_RINGS = (
    "alertmanager",
    "compactor",
    "distributor",
    "ingester",
    "querier",
    "query-frontend",
    "ruler",
    "store-gateway",
)
_MIMIR_HOPS = (
    _Hop(("distributor", "querier", "ruler"), ("ingester",), _GRPC, "samples are written, and recent ones read"),
    _Hop(("querier", "ruler"), ("store-gateway",), _GRPC, "older samples are read"),
    _Hop(("query-frontend", "querier"), ("query-scheduler",), _GRPC, "queries are queued, and fetched from the queue"),
    _Hop(("querier", "query-scheduler"), ("query-frontend",), _GRPC, "results, and errors of the queue, are returned"),
    _Hop(("ruler",), ("ruler",), _GRPC, "rulers tell each other of changed rules and share the list of them"),
    _Hop(("ruler",), ("alertmanager",), MIMIR_HTTP, "alerts are raised"),
    _Hop(("alertmanager",), ("alertmanager",), _GRPC, "alertmanagers share their state"),
    _Hop(_MIMIR_RINGS, _MIMIR_RINGS, _GOSSIP, "rings are gossiped, over TCP only"),
)
# What the chart's nginx has routes for, where it is not replaced by our gateway.
_MIMIR_GATEWAY_HOP = _Hop(
    ("gateway",),
    ("distributor", "query-frontend", "ruler", "alertmanager", "compactor"),
    MIMIR_HTTP,
    "the chart's nginx passes requests on",
)
_MIMIR_OFFERED = ("distributor", "query-frontend", "ruler", "alertmanager")

_TEMPO_RINGS = ("compactor", "distributor", "ingester", "metrics-generator", "querier", "query-frontend")
"""The last uses none, but the chart lists it among those that others join by."""
_TEMPO_HOPS = (
    _Hop(("distributor", "querier"), ("ingester",), _GRPC, "spans are written, and recent ones read"),
    _Hop(("distributor", "querier"), ("metrics-generator",), _GRPC, "spans to count; TraceQL metrics of recent ones"),
    _Hop(("querier",), ("query-frontend",), _GRPC, "queriers fetch queries and return results"),
    _Hop(_TEMPO_RINGS, _TEMPO_RINGS, _GOSSIP, "rings are gossiped, over TCP only"),
)

_LOKI = ("read", "write", "backend")
_LOKI_HOPS = (
    _Hop(("write", "read", "backend"), ("write",), _GRPC, "lines are written, and recent ones read, by rules too"),
    _Hop(("read", "backend"), ("backend",), _GRPC, "queries are queued; index, deletions and rules are asked for"),
    _Hop(("read", "backend"), ("read",), _GRPC, "results, and errors of the queue, are returned"),
    _Hop(_LOKI, _LOKI, _GOSSIP, "rings are gossiped, over TCP only"),
)

_LOKI_SINGLE_HOPS = (
    _Hop((loki_chart.SINGLE,), (loki_chart.SINGLE,), _GRPC, "the single binary asks its own Service for deletions"),
    _Hop((loki_chart.SINGLE,), (loki_chart.SINGLE,), _GOSSIP, "it joins itself"),
)

_PYROSCOPE = ("distributor", "segment-writer", "metastore", "query-frontend", "query-backend", "compaction-worker")
_PYROSCOPE_HOPS = (
    _Hop(("distributor",), ("segment-writer",), _GRPC, "profiles are written"),
    _Hop(
        ("segment-writer", "metastore", "query-frontend", "compaction-worker"),
        ("metastore",),
        _GRPC,
        "blocks are indexed and found, and compactions handed out",
    ),
    _Hop(("metastore",), ("metastore",), _RAFT, "metastores agree on the index"),
    _Hop(("query-frontend", "query-backend"), ("query-backend",), _GRPC, "parts of a query are handed on"),
    _Hop(_PYROSCOPE, _PYROSCOPE, _GOSSIP, "rings are gossiped, over TCP only"),
)
_PYROSCOPE_SINGLE_HOPS = tuple(
    _Hop((pyroscope_chart.SINGLE,), (pyroscope_chart.SINGLE,), port, "the single binary asks its own Service")
    for port in (_GRPC, _RAFT, _GOSSIP)
)

_BUCKET_USERS: dict[str, tuple[str | None, ...]] = {
    "mimir": mimir_chart.READS_BUCKETS,
    "tempo": (None, *tempo_distributed.READS_BUCKETS),  # the single binary has no role
    "loki": (loki_chart.SINGLE, *_LOKI),
    "pyroscope": (pyroscope_chart.SINGLE, *_PYROSCOPE),
}
"""Who is given S3 credentials may reach it, and nobody else."""


def flows_of(stack: Stack) -> tuple[Flow, ...]:
    """Return the flows of a stack.

    What goes to Tempo, and from its generator to Mimir, is open for both of its shapes at all times. Policies change
    before the releases do, so a move from one to the other would otherwise cut off the one that still serves.

    Raises:
        SettingError: nobody says where the object store is.
    """
    running, others = workloads_of(stack), neighbours_of(stack)
    wanted = (
        *(_with_gateway if stack.gateway else _without_gateway)(stack, others),
        _generated(stack),
        *_collected(stack, running, others),
        *_inner(stack, running),
        *_outer(stack, running, others),
    )
    return tuple(flow for flow in wanted if flow.sources and flow.targets)


def _with_gateway(stack: Stack, others: Neighbours) -> Iterator[Flow]:
    """Yield the way in through our gateway, and `smoke`, which goes past it to what is behind."""
    ours, layout = (gateway(),), Layout()
    https, grpc = Port(layout.https_port), Port(layout.grpc_port)
    yield _from(others.clients, ours, (https, grpc), "telemetry is sent and read, with credentials")
    yield _from(others.grafana, ours, (https,), "datasources query, with credentials")
    yield Flow(ours, _tempos("distributor"), (Port(OTLP_GRPC), Port(OTLP_HTTP)), "traces are passed on")
    yield Flow(ours, _tempos("query-frontend"), (Port(TEMPO_HTTP),), "queries for traces are passed on")
    yield Flow(ours, mimir(*_MIMIR_OFFERED), (Port(MIMIR_HTTP),), "metrics, queries, rules and alerts are passed on")
    yield Flow(ours, loki(stack.logs, "write", "read"), (Port(LOKI_HTTP),), "logs and queries for them are passed on")
    yield Flow(ours, _profiles_entry(stack), (Port(PYROSCOPE_HTTP),), "profiles and queries for them are passed on")
    yield _from(others.api_server, ours, (https,), "`smoke` sees that the gateway refuses strangers")
    yield from _smoke(others, mimir("distributor", "query-frontend"))


def _without_gateway(stack: Stack, others: Neighbours) -> Iterator[Flow]:
    """Yield the ways in where each backend is reached by itself."""
    entry, ingest, query = mimir("gateway"), _tempos("distributor"), _tempos("query-frontend")
    yield _from(others.clients, ingest, (Port(OTLP_GRPC), Port(OTLP_HTTP)), "traces are sent")
    yield _from(others.clients, entry, (Port(MIMIR_HTTP),), "metrics are sent and read")
    yield _from(others.grafana, query, (Port(TEMPO_HTTP),), "the datasource queries traces")
    yield _from(others.grafana, entry, (Port(MIMIR_HTTP),), "the datasource queries metrics")
    yield _from(others.clients, loki(stack.logs, "write", "read"), (Port(LOKI_HTTP),), "logs are sent and read")
    yield _from(others.grafana, loki(stack.logs, "read"), (Port(LOKI_HTTP),), "the datasource queries logs")
    yield _from(others.clients, _profiles_entry(stack), (Port(PYROSCOPE_HTTP),), "profiles are sent and read")
    asked = pyroscope(stack.profiles, "query-frontend")
    yield _from(others.grafana, asked, (Port(PYROSCOPE_HTTP),), "the datasource queries profiles")
    hop = _MIMIR_GATEWAY_HOP
    yield Flow(entry, mimir(*hop.targets), (Port(hop.port),), hop.why)
    yield from _smoke(others, entry)


def _smoke(others: Neighbours, metrics: tuple[Pods, ...]) -> Iterator[Flow]:
    """Yield what `smoke` needs: it goes through the API server's proxy."""
    yield _from(others.api_server, metrics, (Port(MIMIR_HTTP),), "`smoke` sends a metric and reads it")
    yield _from(others.api_server, _tempos("distributor"), (Port(OTLP_HTTP),), "`smoke` sends a span")
    yield _from(others.api_server, _tempos("query-frontend"), (Port(TEMPO_HTTP),), "`smoke` reads a trace")


def _generated(stack: Stack) -> Flow:
    """Return the way from Tempo's metrics-generator to where Mimir takes samples."""
    silent = {shape.topology for shape in stack.traces.shapes if "metrics-generator" not in shape.runs}
    sources = tuple(pods for each in TEMPO if each not in silent for pods in tempo(each, "metrics-generator"))
    entry = mimir("distributor" if stack.gateway else "gateway")
    return Flow(sources, entry, (Port(MIMIR_HTTP),), "metrics that are derived from spans are written")


def _collected(stack: Stack, running: tuple[Pods, ...], others: Neighbours) -> Iterator[Flow]:
    """Yield the ways to and from the collector, where the program deploys it."""
    ours, layout, settings = (collector(),), Layout(), stack.collector
    if settings is None or stack.collector_role is None:
        return
    yield _from(others.clients, ours, (Port(OTLP_GRPC), Port(OTLP_HTTP)), "applications send to the collector")
    if stack.gateway is not None:
        https, grpc = Port(layout.https_port), Port(layout.grpc_port)
        yield Flow(ours, (gateway(),), (https, grpc), "the collector sends on, with a tenant's credential")
    else:
        yield Flow(ours, _tempos("distributor"), (Port(OTLP_GRPC),), "the collector sends traces on")
        yield Flow(ours, mimir("gateway"), (Port(MIMIR_HTTP),), "the collector sends metrics on")
        yield Flow(ours, loki(stack.logs, "write"), (Port(LOKI_HTTP),), "the collector sends logs on")
    if settings.scrape is None:
        return
    for app, port in scraped(stack).items():
        targets = tuple(pods for pods in running if pods.app == app and pods.role != "gateway")
        yield Flow(ours, targets, (Port(port),), f"the collector scrapes {app.capitalize()}'s own metrics")
    api_server = Outside("API server", settings.scrape.api_server or Destination())
    yield _to(ours, api_server, "the collector asks which pods there are")


def _inner(stack: Stack, running: tuple[Pods, ...]) -> Iterator[Flow]:
    """Yield what goes from role to role; a single Tempo speaks with nobody of its own."""
    single = stack.logs is not None and stack.logs.topology == "monolithic"
    one = stack.profiles is not None and stack.profiles.topology == "monolithic"
    for make, hops in (
        (mimir, _MIMIR_HOPS),
        (lambda *roles: tempo("distributed", *roles), _TEMPO_HOPS),
        (lambda *roles: loki(stack.logs, *roles), _LOKI_SINGLE_HOPS if single else _LOKI_HOPS),
        (lambda *roles: pyroscope(stack.profiles, *roles), _PYROSCOPE_SINGLE_HOPS if one else _PYROSCOPE_HOPS),
    ):
        for hop in hops:
            sources, targets = ([pods for pods in make(*side) if pods in running] for side in hop[:2])
            yield Flow(tuple(sources), tuple(targets), (Port(hop.port),), hop.why)


def _outer(stack: Stack, running: tuple[Pods, ...], others: Neighbours) -> Iterator[Flow]:
    """Yield what goes to systems beside the stack, and what they fetch."""
    users = tuple(pods for pods in running if pods.role in _BUCKET_USERS.get(pods.app, ()))
    yield _to(users, others.object_store, "buckets are read and written")
    alerting = tuple(pods for pods in mimir("alertmanager") if pods in running)
    yield _to(alerting, others.alert_receivers, "people are notified of alerts")
    served = {"mimir": MIMIR_HTTP, "tempo": TEMPO_HTTP, "loki": LOKI_HTTP, "pyroscope": PYROSCOPE_HTTP}
    for app, port in served.items():
        targets = tuple(pods for pods in running if pods.app == app and pods.role != "gateway")
        yield _from(others.monitoring, targets, (Port(port),), f"{app.capitalize()}'s own metrics are scraped")
    if stack.gateway is not None:
        health = (Port(Layout().health_port),)
        yield _from(others.monitoring, (gateway(),), health, "whether the gateway has loaded its files is scraped")
    numbers = _DNS_PORTS[stack.kubernetes.platform]
    asked = tuple(Port(number, protocol) for number in numbers for protocol in ("UDP", "TCP"))
    yield Flow(running, _somebody(others.dns), asked, "names are resolved")


def _from(source: Outside, targets: tuple[Pods, ...], ports: tuple[Port, ...], why: str) -> Flow:
    return Flow(_somebody(source), targets, ports, why)


def _to(sources: tuple[Pods, ...], target: Outside, why: str) -> Flow:
    place = target.place
    assert isinstance(place, Destination)  # noqa: S101 - guardrails.parties makes them so
    return Flow(sources, _somebody(target), tuple(map(Port, place.ports)), why)


def _somebody(party: Outside) -> tuple[Outside, ...]:
    """Return nobody for an empty place: a rule without peers would let in everybody."""
    return () if party.place.is_nobody else (party,)


def _profiles_entry(stack: Stack) -> tuple[Pods, ...]:
    """Return who takes profiles and answers for them."""
    return tuple(dict.fromkeys(pyroscope(stack.profiles, "distributor", "query-frontend")))


def _tempos(role: str) -> tuple[Pods, ...]:
    """Return who plays a role of Tempo, in either shape."""
    return tuple(pods for topology in TEMPO for pods in tempo(topology, role))
