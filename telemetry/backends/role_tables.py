"""The roles of every backend."""

from collections.abc import Mapping

from telemetry.backends.loki.roles import LOKI_TABLES
from telemetry.backends.mimir.roles import MIMIR_ROLES
from telemetry.backends.pyroscope.roles import PYROSCOPE_TABLES
from telemetry.backends.tempo.roles import TEMPO_TABLES
from telemetry.config.role_spec import RoleTable

ALL_TABLES: Mapping[str, Mapping[str, RoleTable]] = {
    "traces": TEMPO_TABLES,
    "metrics": {"classic": MIMIR_ROLES},
    "logs": LOKI_TABLES,
    "profiles": PYROSCOPE_TABLES,
}
"""The roles of every backend, by signal and topology."""
