"""The dashboard of the collector, wherever its metrics are: what it takes, keeps, sends and gives up."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.collector.addresses import RELEASE
from telemetry.monitoring.collector import (
    EXPORTER,
    EXPORTER_NAME,
    LINES_LOST,
    QUEUE_CAPACITY,
    QUEUE_SIZE,
    SIGNALS,
    namespace_of,
)
from telemetry.spec.panel_queries import part
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

_PODS = f'pod=~"{RELEASE}-[0-9a-z]+"'


def dashboard(stack: Stack) -> Dashboard | None:
    """Return the collector's dashboard; None where there is none, or nobody says where its metrics are."""
    namespace = namespace_of(stack)
    if namespace is None:
        return None
    here = Scope.namespace(namespace)
    rows = [
        Row("Taking", tuple(_takes(here))),
        Row("Queues", tuple(_keeps(here))),
        Row("Sending", tuple(_sends(here))),
    ]
    # The pods of one that exists already are called as somebody else likes it.
    if stack.collector_role is not None and "cadvisor" in stack.monitoring.exporters:
        rows.append(Row("Pods", tuple(_pods(here))))
    return Dashboard("collector", "Collector", "What it takes, keeps, sends and gives up.", tuple(rows))


def _takes(here: Scope) -> Iterator[Panel]:
    yield from _of_signals(
        here, "taken from applications", "otelcol_receiver_accepted", "Per second, from all applications together."
    )
    yield from _of_signals(
        here, "refused", "otelcol_receiver_refused", "Above 80 % of its memory; applications send it again."
    )


def _keeps(here: Scope) -> Iterator[Panel]:
    waiting, room = (f"max by (pod, {EXPORTER}) ({here(each)})" for each in (QUEUE_SIZE, QUEUE_CAPACITY))
    about = "By way and pod, the fullest; alerts above 0.9. At 1 what applications send is refused."
    full = panel("Queues: full", "percentunit", about, (part(waiting, room), f"{EXPORTER_NAME} {{{{pod}}}}"))
    yield replace(full, width=12, bad_above=0.9)
    retried = here.rate("prometheus_remote_storage_samples_retried_total", WINDOW, by="component_id")
    about = "Samples of remote-write that are sent again, as the platform did not take them."
    yield replace(panel("Sent again", "cps", about, (retried, "{{component_id}}")), width=12)


def _sends(here: Scope) -> Iterator[Panel]:
    samples = "prometheus_remote_storage_samples"
    about = "Taken by the platform, per second."
    yield from _of_signals(
        here, "sent", "otelcol_exporter_sent", about, (here.rate(f"{samples}_total", WINDOW), "samples")
    )
    about = "Given up: refused for good, too old, or without room in the queue. Alerts when there is any."
    failed = (here.rate(f"{samples}_failed_total", WINDOW), "samples")
    lines = (here.rate(LINES_LOST, WINDOW), "lines of pods' logs")
    yield from _of_signals(here, "not delivered", "otelcol_exporter_send_failed", about, failed, lines)
    about = "Given up at once, as the queue was full."
    yield from _of_signals(here, "without room", "otelcol_exporter_enqueue_failed", about, width=24)


def _of_signals(
    here: Scope, what: str, begins: str, about: str, *more: tuple[str, str], width: int = 12
) -> Iterator[Panel]:
    """Yield a panel of what OpenTelemetry's components count by signal."""
    queries = ((here.rate(f"{begins}_{each}_total", WINDOW), each.replace("_", " ")) for each in SIGNALS)
    yield replace(panel(what.capitalize(), "cps", about, *queries, *more), width=width)


def _pods(here: Scope) -> Iterator[Panel]:
    cpu = here.rate("container_cpu_usage_seconds_total", WINDOW, _PODS, 'container!=""', by="pod")
    yield replace(panel("CPU", "short", "Cores in use, by pod.", (cpu, "{{pod}}")), width=12)
    memory = here("container_memory_working_set_bytes", _PODS, 'container!=""')
    about = "Working set, by pod. Above 80 % of what it asks for, data is refused."
    yield replace(panel("Memory", "bytes", about, (f"sum by (pod) ({memory})", "{{pod}}")), width=12)
