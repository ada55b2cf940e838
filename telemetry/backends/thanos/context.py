"""What Thanos is told of the stack that it is in."""

from telemetry.backends.thanos.limits import ThanosLimits
from telemetry.backends.thanos.settings import ThanosMetrics
from telemetry.spec.context import Context

ThanosContext = Context[ThanosMetrics, ThanosLimits]
