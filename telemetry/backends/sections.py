"""The classes of backends' settings and limits, by signal: of several backends for one signal, their union."""

from telemetry.backends.loki.limits import LogsLimits
from telemetry.backends.loki.settings import Logs
from telemetry.backends.mimir.limits import MetricsLimits
from telemetry.backends.mimir.settings import Metrics
from telemetry.backends.pyroscope.limits import ProfilesLimits
from telemetry.backends.pyroscope.settings import Profiles
from telemetry.backends.tempo.limits import TracesLimits
from telemetry.backends.tempo.settings import Traces

__all__ = [
    "Logs",
    "LogsLimits",
    "Metrics",
    "MetricsLimits",
    "Profiles",
    "ProfilesLimits",
    "Traces",
    "TracesLimits",
]
