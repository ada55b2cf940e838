"""The backends of a stack, as a table: buckets, identities and capacity are made from it, row by row.

A backend is one row here; who goes through the table needs no word about any of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from settings.base import Settings
from settings.buckets import bucket_name
from settings.role_tables import LOKI_TABLES, MIMIR_ROLES, PYROSCOPE_TABLES, TEMPO_TABLES, RoleTable
from settings.roles import Role

if TYPE_CHECKING:
    from settings.stack import Stack

Signal = Literal["traces", "metrics", "logs", "profiles"]
NAMES: Mapping[Signal, str] = {"traces": "Tempo", "metrics": "Mimir", "logs": "Loki", "profiles": "Pyroscope"}
"""What people call the backend of each signal."""
Phase = Literal[1, 3]
"""A phase of the plan (seed 000)."""


@dataclass(frozen=True)
class Sized:
    """The workloads of one release of a backend, as they are sized."""

    title: str
    """What the report calls it."""
    key: str
    """Where its roles stand in the settings."""
    roles: Mapping[str, Role]
    known: RoleTable
    leaving: bool = False
    """Whether it is being moved away from."""
    phase: Phase = 1
    """In which phase of the plan it comes."""


@dataclass(frozen=True)
class Backend:
    """One backend."""

    signal: Signal
    """Its key in the settings and in the credentials."""
    buckets: Mapping[str, str]
    """Bucket names by use."""
    releases: tuple[Sized, ...] = field(repr=False)


def backends_of(stack: "Stack") -> tuple[Backend, ...]:
    """Return the backends that a stack has."""
    return tuple(_backends(stack))


def _backends(stack: "Stack") -> Iterator[Backend]:
    environment = stack.environment
    yield Backend("traces", _names("traces", environment, stack.traces.buckets), tuple(_tempos(stack)))
    mimir = Sized("Mimir", "telemetry:metrics.roles", stack.metrics_roles, MIMIR_ROLES)
    yield Backend("metrics", _names("metrics", environment, stack.metrics.buckets), (mimir,))
    if (logs := stack.logs) is not None:
        loki = Sized("Loki", "telemetry:logs.roles", logs.roles, LOKI_TABLES[logs.topology])
        yield Backend("logs", _names("logs", environment, logs.buckets), (loki,))
    if (profiles := stack.profiles) is not None:
        known = PYROSCOPE_TABLES[profiles.topology]
        pyroscope = Sized("Pyroscope", "telemetry:profiles.roles", profiles.roles, known, phase=3)
        yield Backend("profiles", _names("profiles", environment, profiles.buckets), (pyroscope,))


def _tempos(stack: "Stack") -> Iterator[Sized]:
    new, old = stack.traces, stack.traces.moving_from
    yield Sized("Tempo", "telemetry:traces.roles", new.roles, TEMPO_TABLES[new.topology])
    if old is not None:
        yield Sized(
            "Tempo (old)", "telemetry:traces.moving_from.roles", old.roles, TEMPO_TABLES[old.topology], leaving=True
        )


def _names(signal: Signal, environment: str, purposes: Settings) -> dict[str, str]:
    chosen: dict[str, str] = purposes.model_dump()
    return {use: bucket_name(signal, environment, purpose) for use, purpose in chosen.items()}
