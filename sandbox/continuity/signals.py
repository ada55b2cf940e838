"""The signals that are written, by name."""

from sandbox.continuity.metrics import METRICS
from sandbox.continuity.traces import TRACES

SIGNALS = {signal.name: signal for signal in (METRICS, TRACES)}
