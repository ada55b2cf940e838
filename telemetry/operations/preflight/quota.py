"""Checks that the namespace's quotas, as they are on the cluster, have room for this stack's pods.

What the settings say of them may be out of date, or they say nothing. A quota that refuses pods ends an `up` only when
Helm's time is up, and without a word of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubernetes import client
from kubernetes.utils.quantity import parse_quantity

from telemetry.capacity.counted import limits_of, needed, shortage, unstated
from telemetry.capacity.footprint import of_stack
from telemetry.clients.kubernetes import get
from telemetry.config.network import Limits
from telemetry.config.quota import unit_of
from telemetry.operations.preflight.releases import ours_are_there
from telemetry.stack import Stack

_OF_STACK = {
    "cpu": "cpu",
    "requests.cpu": "cpu",
    "memory": "memory",
    "requests.memory": "memory",
    "requests.storage": "storage",
}


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way; nothing where we may not look."""
    where = f"/api/v1/namespaces/{stack.namespace.name}"
    quotas = get(api, f"{where}/resourcequotas").get("items") or []
    if not quotas:
        return []
    limits = _limits(stack, get(api, f"{where}/limitranges").get("items") or [])
    deployed = ours_are_there(api, stack)
    return [line for quota in quotas for line in _of_quota(stack, quota, limits, deployed=deployed)]


def _of_quota(stack: Stack, quota: Mapping[str, Any], limits: Limits, *, deployed: bool) -> Iterator[str]:
    """Yield what one quota refuses. What others use is known only as long as nothing of ours is among it."""
    spec, status = quota.get("spec") or {}, quota.get("status") or {}
    is_ours = stack.namespace.create and quota["metadata"]["name"] == "telemetry"  # the program is about to set it anew
    if is_ours or spec.get("scopes") or spec.get("scopeSelector"):
        return
    most = of_stack(stack, at_most=True)
    waits = stack.namespace.quota_increase == "requested"
    for name, hard in (spec.get("hard") or {}).items():
        key = f"quota {quota['metadata']['name']} of namespace {stack.namespace.name}"
        if name in _OF_STACK:
            amount = getattr(most, _OF_STACK[name])
        elif (need := needed(stack, name, limits)) is None:
            continue
        elif need.unstated:
            yield unstated(key, name, need)
            continue
        else:
            amount = need.amount
        used = 0 if deployed else _amount(name, (status.get("used") or {}).get(name, "0"))
        if used + amount > _amount(name, hard) and not waits:
            yield shortage(key, name, used, amount, _amount(name, hard))


def _limits(stack: Stack, ranges: list[Mapping[str, Any]]) -> Limits:
    """Return what containers are given that state none: by the LimitRanges that there are, and by the one of ours."""
    found: dict[str, int] = {}
    for each in ranges:
        for item in (each.get("spec") or {}).get("limits") or ():
            if item.get("type") == "Container":
                found |= {name: _amount(f"limits.{name}", value) for name, value in (item.get("default") or {}).items()}
    chosen = stack.security.limit_range
    ours = limits_of(stack) if chosen and chosen.create else Limits()
    return Limits.model_construct(
        cpu=ours.cpu or found.get("cpu"),
        memory=ours.memory or found.get("memory"),
        ephemeral_storage=ours.ephemeral_storage or found.get("ephemeral-storage"),
    )


def _amount(name: str, quantity: object) -> int:
    amount = parse_quantity(str(quantity))
    return int(1000 * amount if unit_of(name) == "cpu" else amount)
