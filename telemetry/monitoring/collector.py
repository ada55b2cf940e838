"""Alerts on the collector that the program deploys. Of one that exists already, the namespace is not known."""

from collections.abc import Iterator

from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

SIGNALS = ("spans", "metric_points", "log_records")
"""What OpenTelemetry's components count by."""
_LOST = (
    *(f"otelcol_exporter_{how}_{what}_total" for what in SIGNALS for how in ("send_failed", "enqueue_failed")),
    "prometheus_remote_storage_samples_failed_total",
)
"""What was not delivered and is not tried again: refused by the platform, too old, or without room in the queue."""


def rules(stack: Stack) -> Iterator[Alert]:
    """Yield the collector's alerts; none where the program deploys none."""
    if stack.collector_role is None:
        return
    here, by = Scope.namespace(stack.namespace.name), "max by (pod, component_id)"
    waiting, room = (here(f"otelcol_exporter_queue_{each}") for each in ("size", "capacity"))
    yield Alert(
        "CollectorQueueFull",
        f"{by} ({waiting}) / ({by} ({room}) > 0) > 0.9",
        "page",
        "10m",
        "A queue of the collector is nearly full: the platform does not take what applications send, or too slowly.",
        "{{ $labels.component_id }} of {{ $labels.pod }}: {{ $value | humanizePercentage }}; at 100 % data is refused.",
    )
    yield Alert(
        "CollectorLosesData",
        " or ".join(f"{here.rate(metric, '5m', by='component_id')} > 0" for metric in _LOST),
        "ticket",
        "10m",
        "The collector gives up data that it cannot deliver.",
        "{{ $labels.component_id }}: {{ $value | humanize }} spans, data points, log records or samples per second.",
    )
