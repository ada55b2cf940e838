"""The roles that each backend knows (seed 001), and the smallest honest size of each (dev's).

Requests are never below what the real binaries use idle (82-108 MB a Mimir role, 93 MB Tempo: facts/toolchain.md),
and all of dev together stays within seed 000's 400m CPU, 2Gi memory and 4Gi of volumes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from settings.base import SettingError, did_you_mean

Need = Literal["required", "optional", "chart"]
"""Required: blocked without it. Optional: degraded without it. Chart: no role of the backend, the chart adds it."""


class RoleSpec(NamedTuple):
    """What the platform knows of a role before anybody sets anything."""

    cpu: str
    memory: str
    volume: str | None = None
    limit: str | None = None
    """Default memory limit; a role without one may not be given one (seed 000, 'Resource Policy')."""
    limit_range: tuple[str, str] | None = None
    """Smallest and largest memory limit that seed 000's resource policy allows."""
    need: Need = "required"
    in_plan: bool = True
    """Whether seed 000's table of prod has a row for it."""
    share: tuple[int, int] | None = None
    """Percent of a backend's total CPU and memory (seed 004); without it a total leaves the role its own size."""
    scales: bool = False
    """Whether it may be autoscaled: it is stateless and takes load."""
    fixed_because: str = "scaling down what holds data or leads others loses work"
    """Why it may not."""
    disk_is_cache: bool = False
    """Whether it can do without its volume claim."""

    def defaults(self) -> dict[str, Any]:
        """Return the settings of one replica of this role."""
        return {
            "replicas": 1,
            "cpu": self.cpu,
            "memory": self.memory,
            "memory_limit": self.limit,
            "volume": self.volume,
        }


RoleTable = Mapping[str, RoleSpec]

_LITTLE = "one pod does all there is to do, a second one is for the loss of the first"
_INGESTER_LIMITS = ("4Gi", "8Gi")
_STORE_GATEWAY_LIMITS = ("2Gi", "4Gi")

TEMPO_SINGLE: RoleTable = {
    # The single binary holds the ingester and follows its rule for limits.
    "all": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=_INGESTER_LIMITS, share=(100, 100)),
}
TEMPO_ROLES: RoleTable = {
    "distributor": RoleSpec("40m", "128Mi", share=(20, 15), scales=True),
    "ingester": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=_INGESTER_LIMITS, share=(35, 50)),
    "querier": RoleSpec("40m", "160Mi", share=(20, 20), scales=True),
    "query-frontend": RoleSpec("25m", "128Mi", share=(15, 10), scales=True),
    "compactor": RoleSpec("30m", "192Mi", share=(10, 5), scales=True),
    # The plan's row 'Tempo store-gateway' is its budget: Tempo has no store-gateway (charts.md 2).
    "metrics-generator": RoleSpec("40m", "192Mi", need="optional"),
}
TEMPO_TABLES: Mapping[str, RoleTable] = {"monolithic": TEMPO_SINGLE, "distributed": TEMPO_ROLES}
"""The roles that Tempo is sized by, in each topology."""
MIMIR_ROLES: RoleTable = {
    "distributor": RoleSpec("40m", "128Mi", share=(20, 15), scales=True),
    "ingester": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=_INGESTER_LIMITS, share=(35, 50)),
    "querier": RoleSpec("40m", "160Mi", share=(20, 20), scales=True),
    "query-frontend": RoleSpec("25m", "128Mi", share=(15, 10), scales=True),
    "query-scheduler": RoleSpec("20m", "96Mi", in_plan=False),
    # Its Go runtime is held to the memory *request* (chart template), so a small one costs index cache.
    "store-gateway": RoleSpec(
        "40m", "224Mi", volume="1Gi", limit="2Gi", limit_range=_STORE_GATEWAY_LIMITS, disk_is_cache=True
    ),
    "compactor": RoleSpec("30m", "192Mi", volume="512Mi", share=(10, 5)),
    "ruler": RoleSpec("25m", "128Mi", in_plan=False),
    "alertmanager": RoleSpec("10m", "96Mi", volume="512Mi"),
    "overrides-exporter": RoleSpec("10m", "96Mi", need="optional", in_plan=False, fixed_because=_LITTLE),
    "gateway": RoleSpec("10m", "32Mi", need="chart", in_plan=False, fixed_because=_LITTLE),
}

_LOKI_VOLUME = "1Gi"
LOKI_SINGLE: RoleTable = {
    "all": RoleSpec(
        "75m",
        "384Mi",
        volume=_LOKI_VOLUME,
        limit="4Gi",
        limit_range=_INGESTER_LIMITS,
        in_plan=False,
        share=(100, 100),
    ),
}
LOKI_ROLES: RoleTable = {
    # Requests are seed 003's, 100m and 256Mi each. Nothing of Loki is in seed 000's table: its own is there already.
    "read": RoleSpec("100m", "256Mi", in_plan=False, share=(30, 30), scales=True),
    # It holds the ingester and follows its rule for limits.
    "write": RoleSpec(
        "100m",
        "256Mi",
        volume=_LOKI_VOLUME,
        limit="4Gi",
        limit_range=_INGESTER_LIMITS,
        in_plan=False,
        share=(40, 40),
    ),
    # On its disk is what the compactor has marked, and has yet to delete.
    "backend": RoleSpec("100m", "256Mi", volume=_LOKI_VOLUME, in_plan=False, share=(30, 30)),
}
LOKI_TABLES: Mapping[str, RoleTable] = {"monolithic": LOKI_SINGLE, "distributed": LOKI_ROLES}
"""The roles that Loki is sized by, in each topology."""

_PYROSCOPE_VOLUME = "512Mi"
_NO_KEY = "the chart pyroscope has no autoscaler"
PYROSCOPE_SINGLE: RoleTable = {
    # The single binary holds the segment-writer and follows the rule of ingesters for limits.
    "all": RoleSpec("75m", "384Mi", volume=_PYROSCOPE_VOLUME, limit="4Gi", limit_range=_INGESTER_LIMITS),
}
PYROSCOPE_ROLES: RoleTable = {
    # Seed 000 has one row for all of Pyroscope in prod, 950m, 3.3Gi and 2Gi; how it is shared out is our choice. What
    # these use idle could not be measured (facts/toolchain.md: no registry here has Pyroscope).
    "distributor": RoleSpec("75m", "256Mi", fixed_because=_NO_KEY),
    # It collects segments in memory, as an ingester does, and follows the rule of those for limits.
    "segment-writer": RoleSpec("100m", "384Mi", limit="4Gi", limit_range=_INGESTER_LIMITS),
    # The index of all blocks, agreed upon by Raft: the only data of Pyroscope that is not in the bucket.
    "metastore": RoleSpec("75m", "256Mi", volume=_PYROSCOPE_VOLUME),
    "query-frontend": RoleSpec("50m", "128Mi", fixed_because=_NO_KEY),
    "query-backend": RoleSpec("75m", "256Mi", fixed_because=_NO_KEY),
    # Its disk has nothing but what it is working on.
    "compaction-worker": RoleSpec("125m", "563Mi", volume=_PYROSCOPE_VOLUME, disk_is_cache=True, fixed_because=_NO_KEY),
}
PYROSCOPE_TABLES: Mapping[str, RoleTable] = {"monolithic": PYROSCOPE_SINGLE, "distributed": PYROSCOPE_ROLES}
"""The roles that Pyroscope is sized by, in each topology."""

ALL_TABLES: Mapping[str, Mapping[str, RoleTable]] = {
    "traces": TEMPO_TABLES,
    "metrics": {"classic": MIMIR_ROLES},
    "logs": LOKI_TABLES,
    "profiles": PYROSCOPE_TABLES,
}
"""The roles of every backend, by signal and topology."""

_META_ROLES = {
    "read": {"querier", "query-frontend"},
    "write": {"distributor", "ingester"},
    "backend": {
        "store-gateway",
        "compactor",
        "ruler",
        "alertmanager",
        "query-scheduler",
        "overrides-exporter",
    },
}
"""Mimir's meta roles (seed 001); Tempo and Loki have `all` alone."""

TEMPO_META: Mapping[str, set[str]] = {"all": set(TEMPO_ROLES)}
MIMIR_META: Mapping[str, set[str]] = {"all": set().union(*_META_ROLES.values()), **_META_ROLES}
LOKI_META: Mapping[str, set[str]] = {"all": set(LOKI_ROLES)}

_NEVER_RUNS = {
    "flusher": "writes a lost ingester's WAL to the bucket once and ends, and the chart has no workload; run it by hand"
}


def expand(chosen: Iterable[str], known: RoleTable, meta: Mapping[str, set[str]]) -> frozenset[str]:
    """Return the roles that a list of roles and meta roles stands for, with those that the chart always adds."""
    atomic = {name for name, spec in known.items() if spec.need == "chart"}
    for name in chosen:
        atomic |= meta.get(name, {name})
    return frozenset(atomic)


def missing(runs: Iterable[str], known: RoleTable, need: Need) -> list[str]:
    """Return the roles of one need that do not run, in the table's order."""
    present = set(runs)
    return [name for name, spec in known.items() if spec.need == need and name not in present]


def check_choice(chosen: list[str], known: RoleTable, meta: Mapping[str, set[str]]) -> list[str]:
    """Refuse unknown roles, and a choice without a required one: seed 001 calls that 'blocked'."""
    names = [*(name for name, spec in known.items() if spec.need != "chart"), *meta]
    for name in chosen:
        if name in _NEVER_RUNS:
            raise ValueError(f"{name} {_NEVER_RUNS[name]}; remove it")
        if name not in names:
            raise ValueError(
                f"unknown role {name}{did_you_mean(name, names)}; known here: {', '.join(names)}; correct or remove it"
            )
    lacking = missing(expand(chosen, known, meta), known, "required")
    if lacking:
        raise ValueError(f"blocked: the required roles {', '.join(lacking)} are missing; add them, or write [all]")
    return chosen


def check_known(given: Mapping[str, object], known: RoleTable, runs: Iterable[str]) -> None:
    """Refuse sizes of roles that do not exist or do not run."""
    running = set(runs)
    for name in given:
        if name not in known:
            raise SettingError(
                name, f"unknown role{did_you_mean(name, known)}; known here: {', '.join(known)}; correct or remove it"
            )
        if name not in running:
            raise SettingError(name, "is sized here but does not run; add it to enabled_roles or remove its sizes")
