"""The flows of Loki.

Which role calls which is read from the sources of Loki 3.7.8 (pkg/loki/loki.go and modules.go).
"""

from functools import partial

from telemetry.backends.loki.context import LokiContext
from telemetry.backends.loki.endpoints import HTTP_PORT
from telemetry.backends.loki.values import RELEASE, SINGLE
from telemetry.spec.flows import Entry, Hop, Network, Pods, flows_between, pods_of
from telemetry.spec.ports import GOSSIP, GRPC

_ROLES = ("read", "write", "backend")
_HOPS = (
    Hop(("write", "read", "backend"), ("write",), GRPC, "lines are written, and recent ones read, by rules too"),
    Hop(("read", "backend"), ("backend",), GRPC, "queries are queued; index, deletions and rules are asked for"),
    Hop(("read", "backend"), ("read",), GRPC, "results, and errors of the queue, are returned"),
    Hop(_ROLES, _ROLES, GOSSIP, "rings are gossiped, over TCP only"),
)
_SINGLE_HOPS = (
    Hop((SINGLE,), (SINGLE,), GRPC, "the single binary asks its own Service for deletions"),
    Hop((SINGLE,), (SINGLE,), GOSSIP, "it joins itself"),
)


def network(context: LokiContext) -> Network:
    """Return the flows."""
    pods, http = partial(_pods, context.settings.topology), (HTTP_PORT,)
    return Network(
        pods=pods(*context.settings.roles),
        hops=flows_between(_SINGLE_HOPS if context.settings.topology == "monolithic" else _HOPS, pods),
        from_gateway=(Entry(pods("write", "read"), http, "logs and queries for them are passed on"),),
        from_clients=(Entry(pods("write", "read"), http, "logs are sent and read"),),
        from_grafana=(Entry(pods("read"), http, "the datasource queries logs"),),
        from_collector=(Entry(pods("write"), http, "the collector sends logs on"),),
        forwarded=(),
        from_smoke=(),
        takes_samples=(),
        sends_samples=(),
        notifies=(),
        uses_buckets=pods(*_ROLES),
    )


def _pods(topology: str, *roles: str) -> tuple[Pods, ...]:
    return pods_of("loki", RELEASE, roles, single=SINGLE if topology == "monolithic" else None)
