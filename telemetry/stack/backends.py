"""The backends of a stack."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from telemetry.backends.loki.roles import LOKI_TABLES
from telemetry.backends.mimir.roles import MIMIR_ROLES
from telemetry.backends.pyroscope.roles import PYROSCOPE_TABLES
from telemetry.backends.tempo.roles import TEMPO_TABLES
from telemetry.config.base import Settings
from telemetry.config.buckets import bucket_name
from telemetry.spec.backend import Backend, Signal, Sized

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


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
