"""Scraping the platform's own pods: found by the API server, told apart by their labels, and nobody else's."""

from collections.abc import Iterator

from telemetry.collector.pipeline import REMOTE_WRITE
from telemetry.collector.syntax import Block, Expression, Value
from telemetry.config.collector import Collector, Scrape
from telemetry.config.quantities import duration_text
from telemetry.gateway.addresses import SERVICE
from telemetry.gateway.layout import Layout
from telemetry.spec.values.transport import server_name, serves_tls
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first

BACKENDS = "/etc/telemetry-backends"
"""Where Alloy finds the authority of the backends' certificate, where they have one."""
_LABEL = "__meta_kubernetes_pod_label_app_kubernetes_io_"
_OWN_NODE = 'coalesce(sys.env("HOSTNAME"), constants.hostname)'
"""The node's name, which the chart puts there."""


def scraped(stack: Stack) -> dict[str, int]:
    """Return the port with the metrics of backends and gateway, by the label `app.kubernetes.io/name` of pods."""
    backends = {backend.of.name: backend.of.http_port for backend in metrics_first(stack.backends)}
    return backends | ({SERVICE: Layout().health_port} if stack.gateway else {})


def releases(stack: Stack) -> tuple[str, ...]:
    """Return the instances whose pods are scraped: the namespace may have backends of somebody else's in it."""
    backends = tuple(name for backend in metrics_first(stack.backends) for name in backend.of.release_names)
    return (*backends, *((SERVICE,) if stack.gateway else ()))


def blocks(stack: Stack, collector: Collector, scrape: Scrape) -> Iterator[Block]:
    """Yield discovery, relabelling and scraping.

    Each pod of ours scrapes those of its own node. Of an Alloy that exists we know nothing, so there the targets are
    shared, which does nothing where Alloy is no cluster.
    """
    discovery = Block("discovery.kubernetes", "platform")
    relabel = Block("discovery.relabel", "platform", {"targets": discovery.refer("targets")}, tuple(_rules(stack)))
    yield Block(
        discovery.name,
        discovery.label,
        {"role": "pod"},
        (
            Block("namespaces", arguments={"names": [stack.namespace.name]}),
            Block("selectors", arguments={"role": "pod", **_selected(stack, collector)}),
        ),
        comment="The platform's own metrics, for its alerts and dashboards.",
    )
    yield relabel
    secured: dict[str, Value] = {"scheme": "https"} if serves_tls(stack) else {}
    trusted = {"ca_file": f"{BACKENDS}/ca.crt", "server_name": server_name(stack.namespace.name)}
    yield Block(
        "prometheus.scrape",
        "platform",
        {
            "targets": relabel.refer("output"),
            "forward_to": [Expression(REMOTE_WRITE)],
            "scrape_interval": duration_text(scrape.interval),
            **secured,
        },
        (
            *((Block("tls_config", arguments=trusted),) if serves_tls(stack) else ()),
            Block("clustering", arguments={"enabled": not collector.deploys}),
        ),
    )


def _selected(stack: Stack, collector: Collector) -> dict[str, Value]:
    label: dict[str, Value] = {"label": f"app.kubernetes.io/instance in ({', '.join(releases(stack))})"}
    return {**label, "field": Expression(f'"spec.nodeName=" + {_OWN_NODE}')} if collector.deploys else label


def _rules(stack: Stack) -> Iterator[Block]:
    """Yield what keeps a target of each pod and names it as rules and dashboards want it (docs/monitoring.md)."""
    ports = "|".join(f"{name};{port}" for name, port in scraped(stack).items())
    number = "__meta_kubernetes_pod_container_port_number"
    yield _rule([f"{_LABEL}name", number], action="keep", regex=ports)
    if without := [role for backend in stack.backends for role in backend.of.without_metrics]:
        yield _rule([f"{_LABEL}component"], action="drop", regex="|".join(without))
    yield _rule(["__meta_kubernetes_pod_phase"], action="drop", regex="Succeeded|Failed")
    if serves_tls(stack):  # the backends do; the gateway's health and metrics are plain
        yield _rule([f"{_LABEL}name"], regex=SERVICE, target_label="__scheme__", replacement="http")
    named = {"namespace": "namespace", "pod": "pod_name", "container": "pod_container_name"}
    for label, source in named.items():
        yield _rule([f"__meta_kubernetes_{source}"], target_label=label)
    yield _rule([f"{_LABEL}instance", f"{_LABEL}component"], separator="/", target_label="job")


def _rule(sources: list[str], **arguments: str) -> Block:
    return Block("rule", arguments={"source_labels": list[Value](sources), **arguments})
