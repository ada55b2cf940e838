"""Adds what exists to an exported state. Secrets stay encrypted."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from telemetry.engine.plan import Planned
from telemetry.engine.state import Deployment
from telemetry.engine.urn import provider_reference, provider_urn

_KEPT = ("parent", "protect", "additionalSecretOutputs", "customTimeouts")
"""What the state keeps of a resource as the program wants it; what it depends on is added with care."""


@dataclass(frozen=True)
class Here:
    """A thing that exists, and that this program has made."""

    id: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Where it is known to differ from what the program wants, so that the next preview says so."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the provider remembers of it beside the inputs."""


def adopted(
    before: Deployment,
    planned: Mapping[str, Planned],
    here: Mapping[str, Here],
    *,
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> Deployment:
    """Return the state with all that is here, and with the providers and components that these belong to.

    Args:
        before: the state, as exported; what it knows stays as it is.
        planned: what the program wants beside it, by URN.
        here: what of that exists, by URN.
        new_id: draws a provider's id, as the engine does.
    """
    old = list(before.get("resources") or ())
    in_state = {each["urn"] for each in old}
    added = _with_neighbours((urn for urn in here if urn not in in_state), planned, in_state)
    ids = {each["urn"]: each["id"] for each in old if each.get("id")}
    ids |= {urn: new_id() for urn in added if planned[urn].is_provider}
    there = in_state | added
    new = {urn: _resource(planned[urn], here.get(urn), ids, there) for urn in added}
    return {**before, "resources": [*old, *(new[urn] for urn in _in_order(new, planned))]}


def _with_neighbours(urns: Iterable[str], planned: Mapping[str, Planned], in_state: set[str]) -> set[str]:
    found: set[str] = set()
    ahead = list(urns)
    while ahead:
        urn = ahead.pop()
        if urn not in found and urn not in in_state:
            found.add(urn)
            ahead += planned[urn].neighbours
    return found


def _resource(planned: Planned, here: Here | None, ids: Mapping[str, str], there: set[str]) -> dict[str, Any]:
    goal = planned.goal
    resource = {
        "urn": planned.urn,
        "custom": goal["custom"],
        "type": planned.type,
        **{key: goal[key] for key in _KEPT if goal.get(key)},
        # A plan does not say what is retained; this program retains what it protects (components/buckets.py).
        **({"retainOnDelete": True} if goal.get("protect") else {}),
        "dependencies": [urn for urn in goal.get("dependencies") or () if urn in there],
        "propertyDependencies": {
            name: [urn for urn in urns or () if urn in there]
            for name, urns in (goal.get("propertyDependencies") or {}).items()
        },
    }
    if planned.is_provider:
        return {**resource, "id": ids[planned.urn], "inputs": planned.inputs, "outputs": dict(planned.outputs)}
    if here is None:
        return resource  # a component: the next `up` writes its outputs
    provider = provider_urn(goal["provider"])
    inputs = {**planned.inputs, **here.inputs}
    return {
        **resource,
        "id": here.id,
        "provider": provider_reference(provider, ids[provider]),
        "inputs": inputs,
        "outputs": {**inputs, **here.notes},
    }


def _in_order(new: Mapping[str, Mapping[str, Any]], planned: Mapping[str, Planned]) -> Iterable[str]:
    """Return what is new, each after what it needs: the engine loads no other state."""
    needs = {
        urn: [each for each in (*planned[urn].neighbours, *resource["dependencies"]) if each in new]
        for urn, resource in new.items()
    }
    return TopologicalSorter(needs).static_order()
