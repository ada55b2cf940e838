"""The flows of Tempo.

Which role calls which is read from the sources of Tempo 2.10.7 (cmd/tempo/app/modules.go). What goes to Tempo, and from
its generator to the metrics backend, is open for both of its shapes at all times: policies change before the releases
do, so a move from one to the other would otherwise cut off the one that still serves.
"""

from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.endpoints import HTTP_PORT
from telemetry.backends.tempo.release import TEMPO
from telemetry.backends.tempo.settings import Topology
from telemetry.backends.tempo.values_distributed import READS_BUCKETS
from telemetry.spec.flows import Entry, Exit, Hop, Network, Pods, flows_between
from telemetry.spec.ports import GOSSIP, GRPC, OTLP_GRPC, OTLP_HTTP

_RINGS = ("compactor", "distributor", "ingester", "metrics-generator", "querier", "query-frontend")
"""The last uses none, but the chart lists it among those that others join by."""
_HOPS = (
    Hop(("distributor", "querier"), ("ingester",), GRPC, "spans are written, and recent ones read"),
    Hop(("distributor", "querier"), ("metrics-generator",), GRPC, "spans to count; TraceQL metrics of recent ones"),
    Hop(("querier",), ("query-frontend",), GRPC, "queriers fetch queries and return results"),
    Hop(_RINGS, _RINGS, GOSSIP, "rings are gossiped, over TCP only"),
)
"""A single binary speaks with nobody of its own."""


def network(context: TempoContext) -> Network:
    """Return the flows."""
    ingest, query, otlp = _in_any_shape("distributor"), _in_any_shape("query-frontend"), (OTLP_GRPC, OTLP_HTTP)
    return Network(
        pods=tuple(pods for shape in context.settings.shapes for pods in _pods(shape.topology, *shape.roles)),
        hops=flows_between(_HOPS, lambda *roles: _pods("distributed", *roles)),
        from_gateway=(
            Entry(ingest, otlp, "traces are passed on"),
            Entry(query, (HTTP_PORT,), "queries for traces are passed on"),
        ),
        from_clients=(Entry(ingest, otlp, "traces are sent"),),
        from_grafana=(Entry(query, (HTTP_PORT,), "the datasource queries traces"),),
        from_collector=(Entry(ingest, (OTLP_GRPC,), "the collector sends traces on"),),
        forwarded=(),
        from_smoke=(
            Entry(ingest, (OTLP_HTTP,), "`smoke` sends a span"),
            Entry(query, (HTTP_PORT,), "`smoke` reads a trace"),
        ),
        takes_samples=(),
        sends_samples=(Exit(_generators(context), "metrics that are derived from spans are written"),),
        notifies=(),
        uses_buckets=(*_pods("monolithic"), *_pods("distributed", *READS_BUCKETS)),
    )


def _generators(context: TempoContext) -> tuple[Pods, ...]:
    silent = {shape.topology for shape in context.settings.shapes if "metrics-generator" not in shape.runs}
    return tuple(pods for each in TEMPO if each not in silent for pods in _pods(each, "metrics-generator"))


def _in_any_shape(role: str) -> tuple[Pods, ...]:
    return tuple(pods for topology in TEMPO for pods in _pods(topology, role))


def _pods(topology: Topology, *roles: str) -> tuple[Pods, ...]:
    """Return the pods of roles; a single binary, whose pods have no component, plays them all."""
    if topology == "monolithic":
        return (Pods("tempo", TEMPO[topology]),)
    return tuple(Pods("tempo", TEMPO[topology], role) for role in roles)
