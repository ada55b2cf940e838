"""The name of the cluster on all that applications send, where they do not say it themselves."""

from telemetry.collector.syntax import Block
from telemetry.spec.cluster import ATTRIBUTE, LABEL

_NAMED = {"trace_statements": (ATTRIBUTE,), "metric_statements": (ATTRIBUTE, LABEL), "log_statements": (ATTRIBUTE,)}
"""Attributes of resources by signal: Mimir makes the second a label."""


def naming(cluster: str | None) -> list[Block]:
    """Return the processor, without its output; none where the cluster has no name."""
    if cluster is None:
        return []
    statements = (
        Block(signal, arguments={"context": "resource", "statements": [_set(name, cluster) for name in names]})
        for signal, names in _NAMED.items()
    )
    return [Block("otelcol.processor.transform", "cluster", blocks=tuple(statements))]


def _set(name: str, cluster: str) -> str:
    """Return a statement of OTTL."""
    return f'set(attributes["{name}"], "{cluster}") where attributes["{name}"] == nil'
