"""A backend's total, split over its roles by fixed ratios (R35)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from telemetry.config.base import SettingError
from telemetry.config.quantities import bytes_text, cpu_text, parse_bytes, parse_cpu
from telemetry.config.resources import Compute
from telemetry.config.role_spec import RoleTable


class _Measure(NamedTuple):
    key: str
    column: int
    """Which of the two numbers of `RoleSpec.share` it is."""
    unit: int
    """The smallest part of it that is given out."""
    parse: Callable[[object], int]
    text: Callable[[int], str]


_CPU = _Measure("cpu", 0, 1, parse_cpu, cpu_text)
_MEMORY = _Measure("memory", 1, 1 << 20, parse_bytes, bytes_text)


def split(roles: dict[str, Any], given: Mapping[str, Any], table: RoleTable, total: Compute) -> dict[str, Any]:
    """Return the roles with their parts of the total.

    What a role says itself stands, and so does the size of a role that the ratios do not name; the rest is split by
    the ratios and each part over the role's replicas (the fewest, where it is autoscaled), in whole millicores and
    mebibytes. So the sum never exceeds the total.

    Raises:
        SettingError: nothing is left for the roles that share; with the sums.
    """
    with_cpu = _part(roles, given, table, total.cpu, _CPU)
    return _part(with_cpu, given, table, total.memory, _MEMORY)


def _part(
    roles: dict[str, Any], given: Mapping[str, Any], table: RoleTable, total: int, measure: _Measure
) -> dict[str, Any]:
    key, unit = measure.key, measure.unit
    ratios = {
        name: share[measure.column]
        for name in roles
        if (share := table[name].share) is not None and key not in given.get(name, {})
    }
    replicas = {name: role["replicas"] for name, role in roles.items()}
    if not all(type(number) is int and number > 0 for number in replicas.values()):
        return roles  # what cannot be counted is refused where it stands
    try:
        fixed = {name: measure.parse(roles[name][key]) * replicas[name] for name in roles if name not in ratios}
    except ValueError:
        return roles  # and so is what cannot be read
    rest, weight = total - sum(fixed.values()), sum(ratios.values())
    parts = {name: rest * ratio // weight // replicas[name] // unit * unit for name, ratio in ratios.items()}
    if rest < 0 or min(parts.values(), default=unit) < unit:
        raise _too_little(total, fixed, ratios, measure)
    return {name: {**role, key: measure.text(parts[name])} if name in parts else role for name, role in roles.items()}


def _too_little(total: int, fixed: Mapping[str, int], shared: Mapping[str, int], measure: _Measure) -> SettingError:
    taken = sum(fixed.values())
    sums = " + ".join(f"{measure.text(amount)} {name}" for name, amount in fixed.items())
    first = f"{sums} = {measure.text(taken)} come off first, " if fixed else ""
    left = f"too little is left for {', '.join(shared)}" if shared else f"{measure.text(taken - total)} too much"
    return SettingError(
        "", f"ask for more than total.{measure.key} {measure.text(total)}: {first}{left}; lower them or raise the total"
    )
