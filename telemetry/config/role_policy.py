"""How the roles of a backend come to their figures, and what the resource policy says to them."""

from collections.abc import Iterable
from typing import Any

from telemetry.config.base import SettingError
from telemetry.config.policy import Policy
from telemetry.config.quantities import parse_bytes
from telemetry.config.resources import Compute
from telemetry.config.role_spec import RoleSpec, RoleTable, check_sized
from telemetry.config.roles import Role, merged
from telemetry.config.shares import split


def filled(given: object, table: RoleTable, runs: Iterable[str], total: Compute | None) -> object:
    """Return the settings of every role that runs, what was left out filled in from the table or the total.

    Raises:
        SettingError: a role is unknown or does not run, or the roles ask for more than the total.
    """
    if not isinstance(given, dict):
        return given  # for pydantic to refuse
    running = set(runs)
    check_sized(given, table, running)
    roles: dict[str, Any] = {
        name: merged(spec.defaults(), given.get(name, {})) for name, spec in table.items() if name in running
    }
    readable = all(isinstance(role, dict) for role in roles.values())
    return split(roles, given, table, total) if total is not None and readable else roles


def check_policy(roles: dict[str, Role], table: RoleTable, policy: Policy) -> dict[str, Role]:
    """Return the roles with the limits that the resource policy gives them.

    Raises:
        SettingError: a limit, a volume, an autoscaler or the like where the policy or the role has no place for one.
    """
    for name, role in roles.items():
        _check_cpu_limit(name, role, policy)
        _check_memory_limit(name, role, table[name], policy)
        _check_volume(name, role, table[name])
        _check_pods(name, role, table[name])
        if role.autoscaling is not None and not table[name].scales:
            able = ", ".join(other for other, spec in table.items() if spec.scales) or "none"
            raise SettingError(
                f"{name}.autoscaling",
                f"{name} is not autoscaled: {table[name].fixed_because}; remove it (roles that scale: {able})",
            )
    return {name: limited(role, policy) for name, role in roles.items()}


def limited(role: Role, policy: Policy) -> Role:
    """Return a role with the limits that the policy adds to those that it says."""
    if policy.qos == "guaranteed":
        return role.model_copy(update={"cpu_limit": role.cpu, "memory_limit": role.memory})
    added = {}
    if policy.limits_all_cpu and role.cpu_limit is None:
        added["cpu_limit"] = role.cpu
    if policy.limits_all_memory and role.memory_limit is None:
        added["memory_limit"] = role.memory
    return role.model_copy(update=added) if added else role


def largest_memory(spec: RoleSpec, policy: Policy) -> int | None:
    """Return the most bytes that the policy lets a role be limited to, and so ask for; None: as many as it likes."""
    if policy.qos == "guaranteed" or policy.memory_limits != "growing" or spec.limit_range is None:
        return None
    return parse_bytes(spec.limit_range[1])


def _check_cpu_limit(name: str, role: Role, policy: Policy) -> None:
    if role.cpu_limit is None:
        return
    if policy.qos == "guaranteed" and role.cpu_limit != role.cpu:
        raise SettingError(f"{name}.cpu_limit", "is not the request, and policy.qos: guaranteed makes it so; remove it")
    if policy.cpu_limits == "none" and policy.qos != "guaranteed":
        raise SettingError(
            f"{name}.cpu_limit", "no container has a CPU limit; remove it, or set policy.cpu_limits: chosen"
        )


def _check_memory_limit(name: str, role: Role, spec: RoleSpec, policy: Policy) -> None:
    if policy.qos == "guaranteed":
        by_itself = None if spec.limit is None else parse_bytes(spec.limit)
        if role.memory_limit not in (None, by_itself, role.memory):
            raise SettingError(
                f"{name}.memory_limit", "is not the request, and policy.qos: guaranteed makes it so; remove it"
            )
        return
    if policy.memory_limits != "growing":
        return
    if spec.limit_range is None:
        if role.memory_limit is not None:
            raise SettingError(
                f"{name}.memory_limit",
                "memory limits are only for ingesters and store-gateways; remove it, or set policy.memory_limits: "
                "chosen",
            )
        return
    low, high = spec.limit_range
    if role.memory_limit is None or not parse_bytes(low) <= role.memory_limit <= parse_bytes(high):
        raise SettingError(f"{name}.memory_limit", f"must be {low} to {high}; set it within that range")


def _check_pods(name: str, role: Role, spec: RoleSpec) -> None:
    if role.placement is not None and role.placement.storage_class is not None and role.volume is None:
        raise SettingError(f"{name}.placement.storage_class", f"{name} has no volume claim; remove it")
    if role.termination_grace is not None and spec.grace_because:
        raise SettingError(f"{name}.termination_grace", f"{spec.grace_because}; remove it")


def _check_volume(name: str, role: Role, spec: RoleSpec) -> None:
    if role.volume is not None and spec.volume is None:
        raise SettingError(f"{name}.volume", f"{name} keeps nothing on disk; remove it")
    if role.volume is None and spec.volume is not None and not spec.disk_is_cache:
        raise SettingError(f"{name}.volume", f"{name} keeps its data on disk; set a size")
