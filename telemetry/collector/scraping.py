"""Scraping the platform's own pods: found by the API server, told apart by their labels, and nobody else's."""

from collections.abc import Iterator

from telemetry.collector.pipeline import REMOTE_WRITE
from telemetry.collector.syntax import Block, Expression, Value
from telemetry.config.collector import Collector
from telemetry.monitoring.scraping import targets_of
from telemetry.spec.flows import INSTANCE_LABEL
from telemetry.spec.values.transport import server_name, serves_tls
from telemetry.stack import Stack

BACKENDS = "/etc/telemetry-backends"
"""Where Alloy finds the authority of the backends' certificate, where they have one."""
_LABEL = "__meta_kubernetes_pod_label_app_kubernetes_io_"
_OWN_NODE = 'coalesce(sys.env("HOSTNAME"), constants.hostname)'
"""The node's name, which the chart puts there."""


def blocks(stack: Stack, collector: Collector) -> Iterator[Block]:
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
            "scrape_interval": f"{stack.monitoring.scrape_interval}s",
            **secured,
        },
        (
            *((Block("tls_config", arguments=trusted),) if serves_tls(stack) else ()),
            Block("clustering", arguments={"enabled": not collector.deploys}),
        ),
    )


def _selected(stack: Stack, collector: Collector) -> dict[str, Value]:
    releases = ", ".join(name for target in targets_of(stack) for name in target.releases)
    label: dict[str, Value] = {"label": f"{INSTANCE_LABEL} in ({releases})"}
    return {**label, "field": Expression(f'"spec.nodeName=" + {_OWN_NODE}')} if collector.deploys else label


def _rules(stack: Stack) -> Iterator[Block]:
    """Yield what keeps a target of each pod and names it as rules and dashboards want it (docs/monitoring.md)."""
    targets = targets_of(stack)
    ports = "|".join(f"{each.app};{each.port}" for each in targets)
    number = "__meta_kubernetes_pod_container_port_number"
    yield _rule([f"{_LABEL}name", number], action="keep", regex=ports)
    if without := [role for each in targets for role in each.without]:
        yield _rule([f"{_LABEL}component"], action="drop", regex="|".join(without))
    yield _rule(["__meta_kubernetes_pod_phase"], action="drop", regex="Succeeded|Failed")
    if serves_tls(stack):
        plain = "|".join(each.app for each in targets if not each.tls)
        yield _rule([f"{_LABEL}name"], regex=plain, target_label="__scheme__", replacement="http")
    named = {"namespace": "namespace", "pod": "pod_name", "container": "pod_container_name"}
    for label, source in named.items():
        yield _rule([f"__meta_kubernetes_{source}"], target_label=label)
    yield _rule([f"{_LABEL}instance", f"{_LABEL}component"], separator="/", target_label="job")


def _rule(sources: list[str], **arguments: str) -> Block:
    return Block("rule", arguments={"source_labels": list[Value](sources), **arguments})
