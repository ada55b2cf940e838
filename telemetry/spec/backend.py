"""The backends of a stack, as a table: buckets, identities and capacity are made from it, row by row.

A backend is one row here; who goes through the table needs no word about any of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from telemetry.config.role_spec import RoleTable
from telemetry.config.roles import Role

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
