"""The flows of Mimir.

Which role calls which is read from the sources of Mimir 3.1 (pkg/mimir/modules.go and the clients there).
"""

from collections.abc import Iterator

from telemetry.backends.mimir.context import MimirContext
from telemetry.backends.mimir.endpoints import HTTP_PORT
from telemetry.backends.mimir.values import READS_BUCKETS, RELEASE, deployed_roles
from telemetry.spec.flows import Entry, Exit, Hop, Network, Pods, flows_between, pods_of
from telemetry.spec.ports import GOSSIP, GRPC

# Not the nginx of the chart, the query-scheduler and the overrides-exporter, which use no ring.
_RINGS = (
    "alertmanager",
    "compactor",
    "distributor",
    "ingester",
    "querier",
    "query-frontend",
    "ruler",
    "store-gateway",
)
_HOPS = (
    Hop(("distributor", "querier", "ruler"), ("ingester",), GRPC, "samples are written, and recent ones read"),
    Hop(("querier", "ruler"), ("store-gateway",), GRPC, "older samples are read"),
    Hop(("query-frontend", "querier"), ("query-scheduler",), GRPC, "queries are queued, and fetched from the queue"),
    Hop(("querier", "query-scheduler"), ("query-frontend",), GRPC, "results, and errors of the queue, are returned"),
    Hop(("ruler",), ("ruler",), GRPC, "rulers tell each other of changed rules and share the list of them"),
    Hop(("ruler",), ("alertmanager",), HTTP_PORT, "alerts are raised"),
    Hop(("alertmanager",), ("alertmanager",), GRPC, "alertmanagers share their state"),
    Hop(_RINGS, _RINGS, GOSSIP, "rings are gossiped, over TCP only"),
)
_FORWARDED = (
    Hop(
        ("gateway",),
        ("distributor", "query-frontend", "ruler", "alertmanager", "compactor"),
        HTTP_PORT,
        "the chart's nginx passes requests on",
    ),
)
"""What the chart's nginx has routes for."""


def network(context: MimirContext) -> Network:
    """Return the flows."""
    chart, http = _pods("gateway"), (HTTP_PORT,)
    offered = _pods("distributor", "query-frontend", "ruler", "alertmanager")
    return Network(
        pods=_pods(*deployed_roles(context)),
        hops=flows_between(_HOPS, _pods),
        from_gateway=(Entry(offered, http, "metrics, queries, rules and alerts are passed on"),),
        from_clients=(Entry(chart, http, "metrics are sent and read"),),
        from_grafana=(Entry(chart, http, "the datasource queries metrics"),),
        from_collector=(Entry(chart, http, "the collector sends metrics on"),),
        forwarded=flows_between(_FORWARDED, _pods),
        from_smoke=tuple(_by_api_server(context)),
        takes_samples=chart if context.gateway is None else _pods("distributor"),
        sends_samples=(),
        notifies=(Exit(_pods("alertmanager"), "people are notified of alerts"),),
        uses_buckets=_pods(*READS_BUCKETS),
    )


def _by_api_server(context: MimirContext) -> Iterator[Entry]:
    """Yield what commands ask by the API server's proxy."""
    behind = context.gateway is not None
    asked = _pods("distributor", "query-frontend") if behind else _pods("gateway")
    yield Entry(asked, (HTTP_PORT,), "`smoke` sends a metric and reads it")
    if behind and context.alerting is not None:
        yield Entry(_pods("alertmanager"), (HTTP_PORT,), "`drift` asks who has loaded a configuration of their own")


def _pods(*roles: str) -> tuple[Pods, ...]:
    return pods_of("mimir", RELEASE, roles, single=None)
