"""The flows of Prometheus with Thanos: who calls whom is said by the components' pages at https://thanos.io/tip/."""

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.endpoints import (
    ALERTMANAGER,
    ALERTMANAGER_GOSSIP,
    ALERTMANAGER_PORT,
    GRPC_PORT,
    HTTP_PORT,
    PROMETHEUS,
    PROMETHEUS_PORT,
    PUSH_PORT,
    THANOS,
)
from telemetry.backends.thanos.roles import OF_THANOS, READS_BUCKETS
from telemetry.spec.flows import Entry, Exit, Flow, Hop, Network, Pods, Port, flows_between, pods_of

_PROMETHEUS = (Pods(PROMETHEUS, PROMETHEUS, "server"),)
_ALERTMANAGER = (Pods(ALERTMANAGER, ALERTMANAGER),)
_HOPS = (
    Hop(("query",), ("store-gateway", "receive-ingestor", "rule"), GRPC_PORT, "stores are queried"),
    Hop(("receive-router",), ("receive-ingestor",), GRPC_PORT, "samples are written"),
    Hop(("receive-router",), ("query",), HTTP_PORT, "tenants' series are counted"),
    Hop(("rule",), ("query",), HTTP_PORT, "rules are evaluated"),
)


def network(_: ThanosContext) -> Network:
    """Return the flows."""
    return Network(
        pods=(*_PROMETHEUS, *_pods(*OF_THANOS), *_ALERTMANAGER),
        hops=(*flows_between(_HOPS, _pods), *_others()),
        from_gateway=(
            _query("queries are passed on"),
            _router("samples are passed on"),
            _alerts("alerts and silences are passed on"),
        ),
        from_clients=(_query("metrics are read"), _router("metrics are sent")),
        from_grafana=(
            _query("the datasource queries metrics"),
            _alerts("the datasource shows alerts and silences"),
        ),
        from_collector=(_router("the collector sends metrics on"),),
        forwarded=(),
        from_smoke=(
            _query("`smoke` reads a metric"),
            _router("`smoke` sends a metric"),
        ),
        takes_samples=_pods("receive-router"),
        samples_port=PUSH_PORT,
        sends_samples=(),
        notifies=(Exit(_ALERTMANAGER, "people are notified of alerts"),),
        uses_buckets=(*_PROMETHEUS, *_pods(*READS_BUCKETS)),
    )


def _others() -> tuple[Flow, ...]:
    """Return what goes between pods of several charts."""
    alerts, gossip = Port(ALERTMANAGER_PORT), Port(ALERTMANAGER_GOSSIP)
    return (
        Flow(_pods("query"), _PROMETHEUS, (Port(GRPC_PORT),), "the newest samples are queried, of the sidecar"),
        Flow((*_PROMETHEUS, *_pods("rule")), _ALERTMANAGER, (alerts,), "alerts are raised"),
        Flow(
            _ALERTMANAGER,
            _ALERTMANAGER,
            (gossip, Port(ALERTMANAGER_GOSSIP, "UDP")),
            "alertmanagers share what they have notified of",
        ),
        Flow(_PROMETHEUS, _PROMETHEUS, (Port(PROMETHEUS_PORT), Port(HTTP_PORT)), "Prometheus and sidecar are scraped"),
        Flow(_PROMETHEUS, _pods(*OF_THANOS), (Port(HTTP_PORT),), "Thanos is scraped"),
    )


def _query(why: str) -> Entry:
    return Entry(_pods("query"), (HTTP_PORT,), why)


def _router(why: str) -> Entry:
    return Entry(_pods("receive-router"), (PUSH_PORT,), why)


def _alerts(why: str) -> Entry:
    return Entry(_ALERTMANAGER, (ALERTMANAGER_PORT,), why)


def _pods(*roles: str) -> tuple[Pods, ...]:
    return pods_of(THANOS, THANOS, roles, single=None)
