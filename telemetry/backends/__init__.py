"""The backends that there are; what is known of one is in its folder, and everybody else goes through this list."""

from typing import Any

from telemetry.backends import loki, mimir, pyroscope, tempo
from telemetry.spec.backend import Backend

BACKENDS: tuple[Backend[Any, Any], ...] = (tempo.BACKEND, mimir.BACKEND, loki.BACKEND, pyroscope.BACKEND)
"""In the order in which tables and reports name them."""
