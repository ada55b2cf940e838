"""Alerts on the collector: the one that the program deploys, or one that exists already and says where its metrics are.

Alloy and the OpenTelemetry Collector count alike. What Alloy calls `component_id` is `exporter` and `receiver` there.
"""

from collections.abc import Iterator

from telemetry.collector.addresses import RELEASE
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope, pods_of
from telemetry.stack import Stack

SIGNALS = ("spans", "metric_points", "log_records")
"""What OpenTelemetry's components count by."""
QUEUE_SIZE, QUEUE_CAPACITY = "otelcol_exporter_queue_size", "otelcol_exporter_queue_capacity"
EXPORTER = "component_id, exporter"
"""The labels that name what sends; a collector has one of the two."""
EXPORTER_NAME = "{{component_id}}{{exporter}}"
"""The same in a legend."""
LINES_LOST = "loki_write_dropped_entries_total"
"""Lines of pods' logs (Alloy's loki.write): Loki refused them, or did not answer for as long as they are sent again."""
_LOST = (
    *(f"otelcol_exporter_{how}_{what}_total" for what in SIGNALS for how in ("send_failed", "enqueue_failed")),
    "prometheus_remote_storage_samples_failed_total",
    LINES_LOST,
)
"""What was not delivered and is not tried again: refused by the platform, too old, or without room in the queue."""
_REFUSED = tuple(f"otelcol_receiver_refused_{what}_total" for what in SIGNALS)


def namespace_of(stack: Stack) -> str | None:
    """Return the namespace of the collector; None where there is none, or nobody says where its metrics are."""
    if stack.collector is None:
        return None
    pods = stack.collector.own_metrics
    return stack.namespace.name if stack.collector_role is not None else None if pods is None else pods.namespace


def rules(stack: Stack) -> Iterator[Alert]:
    """Yield the collector's alerts."""
    namespace = namespace_of(stack)
    if namespace is None:
        return
    here = Scope.namespace(namespace)
    # The pods of one that exists already are called as somebody else likes it.
    seen = here("up", pods_of([RELEASE])) if stack.collector_role is not None else here(QUEUE_CAPACITY)
    yield Alert(
        "CollectorNotScraped",
        f"absent({seen})",
        "ticket",
        "15m",
        "Nothing is known of the collector: its metrics are not scraped.",
        "Every other alert on the collector is blind until they are.",
    )
    by = f"max by (pod, {EXPORTER})"
    waiting, room = (here(each) for each in (QUEUE_SIZE, QUEUE_CAPACITY))
    named = "{{ $labels.component_id }}{{ $labels.exporter }}"
    yield Alert(
        "CollectorQueueFull",
        f"{by} ({waiting}) / ({by} ({room}) > 0) > 0.9",
        "page",
        "10m",
        "A queue of the collector is nearly full: the platform does not take what applications send, or too slowly.",
        f"{named} of {{{{ $labels.pod }}}}: {{{{ $value | humanizePercentage }}}}; at 100 % data is refused.",
    )
    yield Alert(
        "CollectorLosesData",
        " or ".join(f"{here.rate(metric, '5m', by=EXPORTER)} > 0" for metric in _LOST),
        "ticket",
        "10m",
        "The collector gives up data that it cannot deliver.",
        f"{named}: {{{{ $value | humanize }}}} spans, data points, log records or samples per second.",
    )
    yield Alert(
        "CollectorRefusesData",
        " or ".join(f"{here.rate(metric, '5m', by='pod')} > 0" for metric in _REFUSED),
        "ticket",
        "10m",
        "The collector does not take what applications send: it has too little memory for it.",
        "{{ $labels.pod }}: {{ $value | humanize }} spans, data points or log records per second.",
    )
