"""Loki, along the way of a line: taken, kept, written to the bucket, asked for, deleted."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.backends.loki.context import LokiContext
from telemetry.backends.loki.service_levels import INGEST as LOKI_INGEST
from telemetry.backends.loki.service_levels import QUERY as LOKI_QUERY
from telemetry.backends.loki.settings import Logs
from telemetry.config.quorum import min_available
from telemetry.spec.common_panels import requests
from telemetry.spec.panel_queries import QUANTILE, part, quantile
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope


def dashboard(context: LokiContext) -> Dashboard:
    """Return Loki's dashboard."""
    return _dashboard(Scope.namespace(context.namespace.name), context.settings)


def dashboard_anywhere(here: Scope) -> Dashboard:
    """Return the dashboard of any Loki, whatever its settings."""
    return _dashboard(here, None)


def _dashboard(here: Scope, logs: Logs | None) -> Dashboard:
    rows = (
        Row("Taking lines", tuple(_writes(here))),
        Row("Writers", tuple(_writers(logs, here))),
        Row("Answering", tuple(_reads(here))),
        Row("Bucket", tuple(_bucket(here))),
    )
    return Dashboard("loki", "Loki", "How Loki takes, keeps, answers for and deletes lines.", rows, (QUANTILE,))


def _writes(here: Scope) -> Iterator[Panel]:
    yield panel(
        "Bytes by tenant",
        "Bps",
        "Lines in bytes per second; a tenant's limit is in these bytes.",
        (here.rate("loki_distributor_bytes_received_total", WINDOW, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Lines dropped by tenant",
        "cps",
        "With the reason; a limit's reasons say that a tenant sends more than it may.",
        (here.rate("loki_discarded_samples_total", WINDOW, by="tenant, reason"), "{{tenant}}: {{reason}}"),
    )
    times = quantile(here, "loki_request_duration_seconds", LOKI_INGEST, by="route")
    yield panel("Time to take lines", "s", "The chosen quantile, by protocol.", (times, "{{route}}"))


def _writers(logs: Logs | None, here: Scope) -> Iterator[Panel]:
    ring = panel(
        "Writers in the ring",
        "short",
        "By state. The single binary is its own ring.",
        (f"max by (state) ({here('loki_ring_members', name='ingester')})", "{{state}}"),
    )
    if logs is not None and logs.topology == "distributed":
        needed = min_available(replicas=logs.writers, replication_factor=logs.replication_factor)
        wanted = f"By state. Of {logs.writers}, {needed} must be ACTIVE for every stream to have a quorum."
        ring = replace(ring, description=wanted, bad_below=needed)
    yield ring
    yield panel(
        "Streams in memory",
        "short",
        "By pod. Memory follows them.",
        (f"sum by (pod) ({here('loki_ingester_memory_streams')})", "{{pod}}"),
    )
    yield panel(
        "Waiting to be written",
        "short",
        "Chunks in the writers' queues. When it only grows, the bucket does not take them.",
        (f"sum by (pod) ({here('loki_ingester_flush_queue_length')})", "{{pod}}"),
    )


def _reads(here: Scope) -> Iterator[Panel]:
    yield from requests(here, "Queries", "loki", LOKI_QUERY)
    yield panel(
        "Time in the queue",
        "s",
        "The chosen quantile of how long parts of queries wait for a querier: more readers, or smaller queries.",
        (quantile(here, "loki_query_scheduler_queue_duration_seconds"), "waiting"),
    )


def _bucket(here: Scope) -> Iterator[Panel]:
    yield panel(
        "Chunks written to the bucket",
        "cps",
        "Failures leave lines on the volumes alone.",
        (here.rate("loki_ingester_chunks_flushed_total", WINDOW), "written"),
        (here.rate("loki_ingester_chunks_flush_failures_total", WINDOW), "failed"),
    )
    count, bad = "loki_s3_request_duration_seconds_count", 'status_code=~"5.."'
    errors = part(here.rate(count, WINDOW, bad, by="operation"), here.rate(count, WINDOW, by="operation"))
    failing = panel(
        "Loki: failures", "percentunit", "Of requests to the bucket; alerts above 5 %.", (errors, "{{operation}}")
    )
    yield replace(failing, bad_above=0.05)
    applied = here("loki_compactor_apply_retention_last_successful_run_timestamp_seconds")
    since = panel(
        "Since retention was applied",
        "s",
        "Old lines stay, and the index is not compacted, while it grows; alerts above six hours.",
        (f"time() - max({applied})", "last run"),
    )
    yield replace(since, bad_above=21_600)
