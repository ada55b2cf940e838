"""How pods are found by the API server, and named."""

from collections.abc import Iterator

from telemetry.collector.syntax import Block, Expression, Value
from telemetry.config.collector import Collector

_OWN_NODE = 'coalesce(sys.env("HOSTNAME"), constants.hostname)'
"""The node's name, which the chart puts there."""
_NAMES = {"namespace": "namespace", "pod": "pod_name", "container": "pod_container_name"}


def of_own_node(collector: Collector) -> dict[str, Value]:
    """Return what restricts a search to pods of Alloy's own node; nothing for an Alloy of which we know nothing."""
    return {"field": Expression(f'"spec.nodeName=" + {_OWN_NODE}')} if collector.deploys else {}


def names_of_pods() -> Iterator[Block]:
    """Yield the rules that make the labels namespace, pod and container."""
    for label, source in _NAMES.items():
        yield rule([f"__meta_kubernetes_{source}"], target_label=label)


def rule(sources: list[str], **arguments: str) -> Block:
    """Return a rule of relabelling."""
    return Block("rule", arguments={"source_labels": list[Value](sources), **arguments})
