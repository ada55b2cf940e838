"""What a ResourceQuota counts besides requests: limits, pods, claims, classes of storage, and what it refuses unseen.

A quota that counts a limit, or the disk of nodes, refuses every container that states none. What charts make besides
pods and claims (Services, Secrets, objects of a kind) is not known from settings; `make report` renders and counts it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from telemetry.capacity.verdict import Verdict
from telemetry.config.network import Limits
from telemetry.config.quota import Quota, text
from telemetry.config.roles import Role
from telemetry.stack import Stack

_QUOTA = "telemetry:namespace"
_LIMIT_RANGE = "telemetry:security.limit_range.default_limit"
_CLAIMS, _CLASS = "persistentvolumeclaims", ".storageclass.storage.k8s.io/"
_STATED = {
    "limits.cpu": "cpu",
    "limits.memory": "memory",
    "limits.ephemeral-storage": "ephemeral-storage",
    "requests.ephemeral-storage": "ephemeral-storage",
    "ephemeral-storage": "ephemeral-storage",
}
"""What a container has to state where a quota counts it, and the limit that says it."""


@dataclass(frozen=True)
class Workload:
    """The pods of a role."""

    key: str
    role: Role
    storage_class: str | None = None
    containers: int = 1


@dataclass(frozen=True)
class Need:
    """What a stack needs of a resource."""

    amount: int
    unstated: tuple[str, ...] = ()
    """Keys of roles whose containers state nothing of it."""


def check(stack: Stack) -> Verdict:
    """Return what speaks against deploying a stack under what its settings say of the quota."""
    place, need_of = stack.namespace, dict[str, Need]()
    if place.quota is None:
        return Verdict()
    for name in {**place.quota.counted, **(place.requested_quota.counted if place.requested_quota else {})}:
        if (need := needed(stack, name)) is not None:
            need_of[name] = need
    refusals = [*_too_low_limits(stack), *_unstated(need_of)]
    used = place.used.counted if place.used else {}
    shortage = list(_shortages("quota", place.quota, used, need_of))
    if place.quota_increase is None or place.requested_quota is None:
        return Verdict((*refusals, *shortage))
    still = list(_shortages("requested_quota", place.requested_quota, used, need_of))
    warned = [f"{line}; it is refused until the increase is there" for line in shortage] if not still else []
    return Verdict((*refusals, *still), tuple(warned))


def needed(stack: Stack, name: str, limits: Limits | None = None) -> Need | None:
    """Return what a stack needs of a resource at most; None where settings do not tell.

    Args:
        stack: its settings.
        name: what Kubernetes calls the resource.
        limits: what the namespace gives containers that state none; None is what the settings say.
    """
    workloads, kind = list(workloads_of(stack)), name.removeprefix("count/")
    if kind == "pods":
        return Need(sum(each.role.max_replicas * each.role.own_pods for each in workloads))
    if kind == _CLAIMS:
        return Need(sum(each.role.max_replicas for each in workloads if each.role.volume))
    if _CLASS in name:
        chosen, _, what = name.partition(_CLASS)
        ours = [each.role for each in workloads if each.role.volume and each.storage_class == chosen]
        return Need(sum(role.max_replicas * (1 if what == _CLAIMS else role.volume or 0) for role in ours))
    if name in _STATED:
        return _stated(workloads, _STATED[name], limits or limits_of(stack), requested="limits" not in name)
    return None


def limits_of(stack: Stack) -> Limits:
    """Return the limits of containers that state none, by the settings."""
    chosen = stack.security.limit_range
    return (chosen.default_limit if chosen else None) or Limits()


def workloads_of(stack: Stack) -> Iterator[Workload]:
    """Yield all roles of a stack with the storage class of their claims."""
    for backend in stack.backends:
        for release in backend.sizes:
            for name, role in release.roles.items():
                placement = backend.settings.placement.of(role.placement)
                yield Workload(f"{release.key}.{name}", role, placement.storage_class)
    if stack.gateway_role is not None:
        yield Workload("telemetry:gateway.base", stack.gateway_role)
    if stack.collector_role is not None:
        yield Workload("telemetry:collector.size", stack.collector_role, containers=2)


def _stated(workloads: Iterable[Workload], resource: str, limits: Limits, *, requested: bool) -> Need:
    total, unstated = 0, []
    for each in workloads:
        stated = _requested(each.role, resource) if requested else _limit(each.role, resource)
        given = limits.of(resource)
        if stated is not None:
            total += each.role.max_replicas * stated
        elif given is None:
            unstated.append(each.key)
        else:
            total += each.role.max_replicas * each.containers * given
    return Need(total, tuple(unstated))


def _requested(role: Role, resource: str) -> int | None:
    """Return what a role asks for itself, of what it may leave out."""
    return role.ephemeral_storage if resource == "ephemeral-storage" else None


def _limit(role: Role, resource: str) -> int | None:
    """Return the limit that a role says itself."""
    return {"cpu": role.cpu_limit, "memory": role.memory_limit}.get(resource)


def _unstated(need_of: Mapping[str, Need]) -> Iterator[str]:
    for name, need in need_of.items():
        if need.unstated:
            yield unstated(f"{_QUOTA}.quota.counted.{name}", name, need)


def unstated(key: str, name: str, need: Need) -> str:
    """Return why a quota would refuse pods that state nothing of what it counts, and what helps."""
    first, others = need.unstated[0], len(need.unstated) - 1
    whose = f"{first} and {others} other roles" if others else first
    setting = _STATED[name].replace("-", "_")
    return (
        f"{key}: a quota that counts {name} refuses every container that states none, as {whose}; give the namespace a "
        f"default: {_LIMIT_RANGE}.{setting} (create: false where the platform's LimitRange has one)"
    )


def _shortages(field: str, quota: Quota, used: Mapping[str, int], need_of: Mapping[str, Need]) -> Iterator[str]:
    for name, hard in quota.counted.items():
        if name in need_of and used.get(name, 0) + need_of[name].amount > hard:
            yield shortage(f"{_QUOTA}.{field}.counted.{name}", name, used.get(name, 0), need_of[name].amount, hard)


def shortage(key: str, name: str, used: int, new: int, hard: int) -> str:
    """Return that a quota has too little of a resource, with the sums and the smallest increase."""
    parts = [f"{text(name, used)} used"] if used else []
    sums = " + ".join([*parts, f"{text(name, new)} new"])
    return (
        f"{key}: {sums} = {text(name, used + new)}, but the quota is {text(name, hard)}; raise {name} by "
        f"{text(name, used + new - hard)} to {text(name, used + new)}, or lower roles"
    )


def _too_low_limits(stack: Stack) -> Iterator[str]:
    """Yield defaults that are below a role's request: Kubernetes refuses such a pod."""
    limits = limits_of(stack)
    for each in workloads_of(stack):
        for resource, asked in (("cpu", each.role.cpu), ("memory", each.role.memory)):
            limit = limits.of(resource)
            stated = _limit(each.role, resource) is not None
            if limit is not None and not stated and limit < asked:
                yield (
                    f"{_LIMIT_RANGE}.{resource}: {text(f'limits.{resource}', limit)} is below what {each.key} asks for "
                    f"({text(f'limits.{resource}', asked)}), and Kubernetes refuses such a pod; raise it"
                )
