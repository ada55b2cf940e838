"""The stack's rules in the ruler of its metrics backend: what is to change there, and changing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import httpx

from telemetry.config.quantities import in_seconds
from telemetry.spec.ruler import Group, Ruler, RulerError
from telemetry.stack import Stack

Kind = Literal["add", "change", "remove", "keep"]


@dataclass(frozen=True)
class Step:
    """What is to be done about one group."""

    kind: Kind
    name: str
    group: Group | None


def ruler_of(stack: Stack, client: httpx.Client) -> Ruler:
    """Return the ruler of the metrics backend; the client reaches its query address, and says who asks.

    Raises:
        RulerError: the backend has none.
    """
    backend = stack.backend("metrics").of
    if backend.ruler is None:
        raise RulerError(f"{backend.title} has no ruler; set telemetry:monitoring.rules to prometheus-rule")
    ruler: Ruler = import_module(backend.ruler).Ruler(client)
    return ruler


def take(ruler: Ruler, step: Step) -> None:
    """Do one step. Raises RulerError."""
    if step.kind == "remove":
        ruler.remove(step.name)
    elif step.kind != "keep" and step.group is not None:
        ruler.put(step.group)


def steps(expected: list[Group], present: Mapping[str, Group]) -> list[Step]:
    """Return what makes the ruler have exactly the expected groups, those that are right already included."""
    names = [group["name"] for group in expected]
    removed = [Step("remove", name, None) for name in present if name not in names]
    return [*(Step(_kind(group, present.get(group["name"])), group["name"], group) for group in expected), *removed]


def _kind(expected: Group, present: Group | None) -> Kind:
    if present is None:
        return "add"
    return "keep" if _normal(expected) == _normal(present) else "change"


def _normal(group: Group) -> Group:
    """Return a group with its durations in seconds: a ruler may write 1d for 24h, and leave out what is nothing."""
    rules = [
        {key: value for key, value in {**rule, "for": in_seconds(rule.get("for"))}.items() if value}
        for rule in group["rules"]
    ]
    rest = {key: value for key, value in group.items() if value}
    return {**rest, "interval": in_seconds(group.get("interval")), "rules": rules}
