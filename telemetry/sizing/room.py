"""How much one pod of a role may ask for: what the settings take, and what a node and a volume have."""

from collections.abc import Mapping
from dataclasses import dataclass

from telemetry.config.policy import Policy
from telemetry.config.quantities import bytes_text, cpu_text
from telemetry.config.resources import Nodes
from telemetry.config.role_policy import largest_memory
from telemetry.config.role_spec import RoleSpec

_NODE_CPU, _NODE_MEMORY = 32_000, 128 * 2**30
"""Millicores and bytes of a node where nobody says what nodes have: a common size, and our choice."""
_VOLUME = 64 * 2**40
"""Bytes of the largest volume that Google's Hyperdisk and Azure's Premium SSD v2 have.
https://cloud.google.com/compute/docs/disks/hyperdisks
https://learn.microsoft.com/en-us/azure/virtual-machines/disks-types
"""
_PART = "give a part of the load to another stack"


@dataclass(frozen=True)
class Room:
    """What one pod may ask for at most."""

    amounts: Mapping[str, int]
    """By key of a role's settings: millicores, or bytes."""
    more: Mapping[str, str]
    """By the same keys, what to do where that is too little."""
    pods: str = _PART
    """What to do where there cannot be as many pods as are needed."""


def room(spec: RoleSpec, policy: Policy, nodes: Nodes | None) -> Room:
    """Return how much a pod of a role may ask for."""
    cpu, memory = (_NODE_CPU, _NODE_MEMORY) if nodes is None else (nodes.cpu, nodes.memory)
    limit = largest_memory(spec, policy)
    more = f"have larger nodes (telemetry:kubernetes.nodes), or {_PART}"
    if nodes is None:
        more = (
            f"say in telemetry:kubernetes.nodes that nodes have more than the {cpu_text(cpu)} cores and "
            f"{bytes_text(memory)} assumed here, or {_PART}"
        )
    of_limit = f"set telemetry:policy.memory_limits: chosen, with which a limit may be larger, or {_PART}"
    limited = limit is not None and limit < memory
    return Room(
        {"cpu": cpu, "memory": min(memory, limit or memory), "volume": _VOLUME},
        {"cpu": more, "memory": of_limit if limited else more, "volume": f"keep less on it, or {_PART}"},
    )
