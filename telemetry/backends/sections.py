"""The classes of backends' settings and limits, by signal: of several backends for one signal, their union."""

from telemetry.backends.loki.limits import LogsLimits
from telemetry.backends.loki.settings import Logs
from telemetry.backends.mimir.limits import MetricsLimits as MimirLimits
from telemetry.backends.mimir.settings import Metrics as MimirMetrics
from telemetry.backends.pyroscope.limits import ProfilesLimits
from telemetry.backends.pyroscope.settings import Profiles
from telemetry.backends.tempo.limits import TracesLimits
from telemetry.backends.tempo.settings import Traces
from telemetry.backends.thanos.limits import ThanosLimits
from telemetry.backends.thanos.settings import ThanosMetrics

Metrics = MimirMetrics | ThanosMetrics
MetricsLimits = MimirLimits | ThanosLimits

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
