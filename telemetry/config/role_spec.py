"""What a role of a backend is before anybody sets anything, and which roles run.

The sizes in backends' tables are the smallest honest ones, dev's: requests are never below what the real binaries use
idle (sources.md, Measurements 1), and all of dev together stays within 400m CPU, 2Gi memory and 4Gi of volumes (R4).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from telemetry.config.base import SettingError, did_you_mean

Need = Literal["required", "optional", "chart"]
"""Required: blocked without it. Optional: degraded without it. Chart: no role of the backend, the chart adds it."""


class RoleSpec(NamedTuple):
    """What the platform knows of a role before anybody sets anything."""

    cpu: str
    memory: str
    volume: str | None = None
    replicas: int = 1
    limit: str | None = None
    """Default memory limit; a role without one may not be given one (R32)."""
    limit_range: tuple[str, str] | None = None
    """Smallest and largest memory limit that the resource policy allows (R32)."""
    need: Need = "required"
    in_plan: bool = True
    """Whether the plan's table of prod has a row for it (R5)."""
    share: tuple[int, int] | None = None
    """Percent of a backend's total CPU and memory (R35); without it a total leaves the role its own size."""
    scales: bool = False
    """Whether it may be autoscaled: it is stateless and takes load."""
    fixed_because: str = "scaling down what holds data or leads others loses work"
    """Why it may not."""
    disk_is_cache: bool = False
    """Whether it can do without its volume claim."""
    grace_because: str = ""
    """Why nobody may say how long its pods may take to end; empty where one may."""
    note: str = ""
    """What a reader of its figures has to know."""

    def defaults(self) -> dict[str, Any]:
        """Return the settings of this role."""
        return {
            "replicas": self.replicas,
            "cpu": self.cpu,
            "memory": self.memory,
            "memory_limit": self.limit,
            "volume": self.volume,
        }


RoleTable = Mapping[str, RoleSpec]

INGESTER_LIMITS = ("4Gi", "8Gi")


_NEVER_RUNS = {"flusher": "is no role any more; an ingester that comes back does its work (docs/operations.md)"}


def expand(chosen: Iterable[str], table: RoleTable, meta: Mapping[str, set[str]]) -> frozenset[str]:
    """Return the roles that a list of roles and meta roles stands for, with those that the chart always adds."""
    atomic = {name for name, spec in table.items() if spec.need == "chart"}
    for name in chosen:
        atomic |= meta.get(name, {name})
    return frozenset(atomic)


def missing(runs: Iterable[str], table: RoleTable, need: Need) -> list[str]:
    """Return the roles of one need that do not run, in the table's order."""
    present = set(runs)
    return [name for name, spec in table.items() if spec.need == need and name not in present]


def check_choice(chosen: list[str], table: RoleTable, meta: Mapping[str, set[str]]) -> list[str]:
    """Refuse unknown roles, and a choice without a required one, which is blocked (R8)."""
    names = [*(name for name, spec in table.items() if spec.need != "chart"), *meta]
    for name in chosen:
        if name in _NEVER_RUNS:
            raise ValueError(f"{name} {_NEVER_RUNS[name]}; remove it")
        if name not in names:
            raise ValueError(
                f"unknown role {name}{did_you_mean(name, names)}; known here: {', '.join(names)}; correct or remove it"
            )
    lacking = missing(expand(chosen, table, meta), table, "required")
    if lacking:
        raise ValueError(f"blocked: the required roles {', '.join(lacking)} are missing; add them, or write [all]")
    return chosen


def check_sized(given: Mapping[str, object], table: RoleTable, runs: Iterable[str]) -> None:
    """Refuse sizes of roles that do not exist or do not run."""
    running = set(runs)
    for name in given:
        if name not in table:
            raise SettingError(
                name, f"unknown role{did_you_mean(name, table)}; known here: {', '.join(table)}; correct or remove it"
            )
        if name not in running:
            raise SettingError(name, "is sized here but does not run; add it to enabled_roles or remove its sizes")
