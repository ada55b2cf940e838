"""The backends that there are; what is known of one is in its folder, and everybody else goes through this list."""

from typing import Any

from telemetry.backends import loki, mimir, pyroscope, tempo, thanos
from telemetry.spec.backend import Backend, Signal

BACKENDS: tuple[Backend[Any, Any], ...] = (
    tempo.BACKEND,
    mimir.BACKEND,
    thanos.BACKEND,
    loki.BACKEND,
    pyroscope.BACKEND,
)
"""In the order in which tables and reports name them; of several for one signal, the first is the default."""


def backends_for(signal: Signal) -> dict[str, Backend[Any, Any]]:
    """Return the backends that can store a signal, by name, the default first."""
    return {backend.name: backend for backend in BACKENDS if backend.signal == signal}
