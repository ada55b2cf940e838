"""The flows of Pyroscope.

Which role calls which is read from the sources of Pyroscope 2.2.1 (pkg/pyroscope).
"""

from functools import partial

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.backends.pyroscope.endpoints import HTTP_PORT
from telemetry.backends.pyroscope.values import RELEASE, SINGLE
from telemetry.spec.flows import Entry, Hop, Network, Pods, flows_between, pods_of
from telemetry.spec.ports import GOSSIP, GRPC

_RAFT = 9099
_ROLES = ("distributor", "segment-writer", "metastore", "query-frontend", "query-backend", "compaction-worker")
_HOPS = (
    Hop(("distributor",), ("segment-writer",), GRPC, "profiles are written"),
    Hop(
        ("segment-writer", "metastore", "query-frontend", "compaction-worker"),
        ("metastore",),
        GRPC,
        "blocks are indexed and found, and compactions handed out",
    ),
    Hop(("metastore",), ("metastore",), _RAFT, "metastores agree on the index"),
    Hop(("query-frontend", "query-backend"), ("query-backend",), GRPC, "parts of a query are handed on"),
    Hop(_ROLES, _ROLES, GOSSIP, "rings are gossiped, over TCP only"),
)
_SINGLE_HOPS = tuple(
    Hop((SINGLE,), (SINGLE,), port, "the single binary asks its own Service") for port in (GRPC, _RAFT, GOSSIP)
)


def network(context: PyroscopeContext) -> Network:
    """Return the flows."""
    pods, http = partial(_pods, context.settings.topology), (HTTP_PORT,)
    entries = pods("distributor", "query-frontend")
    return Network(
        pods=pods(*context.settings.roles),
        hops=flows_between(_SINGLE_HOPS if context.settings.topology == "monolithic" else _HOPS, pods),
        from_gateway=(Entry(entries, http, "profiles and queries for them are passed on"),),
        from_clients=(Entry(entries, http, "profiles are sent and read"),),
        from_grafana=(Entry(pods("query-frontend"), http, "the datasource queries profiles"),),
        from_collector=(),
        forwarded=(),
        from_smoke=(),
        takes_samples=(),
        sends_samples=(),
        notifies=(),
        uses_buckets=pods(*_ROLES),
    )


def _pods(topology: str, *roles: str) -> tuple[Pods, ...]:
    return pods_of("pyroscope", RELEASE, roles, single=SINGLE if topology == "monolithic" else None)
