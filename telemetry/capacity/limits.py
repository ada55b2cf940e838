"""What the limits of all containers come to, against what the platform's policy allows in all."""

from collections.abc import Iterator
from dataclasses import dataclass

from telemetry.capacity.counted import workloads_of
from telemetry.capacity.footprint import of_role
from telemetry.config.amounts import Resource, readable, rounded
from telemetry.stack import Stack

_POLICY = "telemetry:policy"


@dataclass(frozen=True)
class Limits:
    """The limits of all containers of a stack at maximum autoscaling, and its volume claims."""

    cpu: int
    memory: int
    storage: int
    unlimited: dict[Resource, str]
    """By resource the setting of a role that has no limit, so that the sum is not all that may be used."""


def limits_of(stack: Stack) -> Limits:
    """Return what a stack may use by its limits."""
    cpu = memory = storage = 0
    unlimited: dict[Resource, str] = {}
    for each in workloads_of(stack):
        role = each.role
        cpu += role.max_replicas * (role.cpu_limit or 0)
        memory += role.max_replicas * (role.memory_limit or 0)
        storage += of_role(role, at_most=True).storage
        if role.cpu_limit is None:
            unlimited.setdefault("cpu", each.key)
        if role.memory_limit is None:
            unlimited.setdefault("memory", each.key)
    return Limits(cpu, memory, storage, unlimited)


def check(stack: Stack) -> Iterator[str]:
    """Yield why a stack may use more than the policy's total."""
    total = stack.policy.total
    if total is None:
        return
    found = limits_of(stack)
    resources: tuple[tuple[Resource, int, int], ...] = (
        ("cpu", found.cpu, total.cpu),
        ("memory", found.memory, total.memory),
        ("storage", found.storage, total.storage),
    )
    for resource, comes_to, most in resources:
        key = f"{_POLICY}.total.{resource}"
        if resource in found.unlimited:
            yield (
                f"{key}: {found.unlimited[resource]} has no limit, so nothing holds the sum; set "
                f"{_POLICY}.{resource}_limits: all, or remove the total"
            )
        elif comes_to > most:
            what = "volume claims" if resource == "storage" else "limits"
            yield (
                f"{key}: {what} come to {readable(resource, comes_to)}, and the total is {readable(resource, most)}; "
                f"lower roles by {readable(resource, comes_to - most)}, or raise it"
            )


def words(stack: Stack) -> Iterator[str]:
    """Yield what the policy says, and what the limits of the resources come to that every container has one of."""
    yield stack.policy.words
    found = limits_of(stack)
    sums: tuple[tuple[Resource, str, int], ...] = (("cpu", "CPU", found.cpu), ("memory", "memory", found.memory))
    known = [
        f"{rounded(resource, amount)} of {name}" for resource, name, amount in sums if resource not in found.unlimited
    ]
    if known:
        yield f"All limits together come to {' and '.join(known)} at maximum autoscaling."
