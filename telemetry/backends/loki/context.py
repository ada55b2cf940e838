"""What Loki is told of the stack that it is in."""

from telemetry.backends.loki.limits import LogsLimits
from telemetry.backends.loki.settings import Logs
from telemetry.spec.context import Context

LokiContext = Context[Logs, LogsLimits]
