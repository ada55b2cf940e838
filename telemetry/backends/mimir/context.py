"""What Mimir is told of the stack that it is in."""

from telemetry.backends.mimir.limits import MetricsLimits
from telemetry.backends.mimir.settings import Metrics
from telemetry.spec.context import Context

MimirContext = Context[Metrics, MetricsLimits]
