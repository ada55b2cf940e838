"""What Tempo is told of the stack that it is in."""

from telemetry.backends.tempo.limits import TracesLimits
from telemetry.backends.tempo.settings import Traces
from telemetry.spec.context import Context

TempoContext = Context[Traces, TracesLimits]
