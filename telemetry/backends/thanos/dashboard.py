"""Prometheus with Thanos, along the way of a sample: taken, kept, written to the bucket, asked for; and rules."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.service_levels import INGEST, QUERY
from telemetry.spec.common_panels import answers, blocks_written, rules_and_notifications
from telemetry.spec.panel_queries import QUANTILE
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope


def dashboard(context: ThanosContext) -> Dashboard:
    """Return Thanos' dashboard."""
    here = Scope.namespace(context.namespace.name)
    rows = (
        Row("Taking samples", tuple(_writes(here))),
        Row("Prometheus and ingestors", tuple(_heads(context, here))),
        Row("Answering", tuple(_reads(here))),
        Row("Blocks", tuple(_blocks(here))),
        Row("Rules and notifications", tuple(rules_and_notifications(here))),
    )
    return Dashboard(
        "thanos", "Thanos", "How Prometheus and Thanos take, keep and answer for metrics.", rows, (QUANTILE,)
    )


def _requests(here: Scope, what: str, handler: str) -> Iterator[Panel]:
    return answers(
        here,
        what,
        handler,
        counter="http_requests_total",
        histogram="http_request_duration_seconds",
        status="code",
        way="handler",
    )


def _writes(here: Scope) -> Iterator[Panel]:
    yield from _requests(here, "Receive", INGEST)
    yield panel(
        "Handed to ingestors",
        "reqps",
        "By result. Errors are tried again by senders, where a quorum failed.",
        (here.rate("thanos_receive_forward_requests_total", WINDOW, by="result"), "{{result}}"),
    )


def _heads(context: ThanosContext, here: Scope) -> Iterator[Panel]:
    replicas = context.settings.roles["prometheus"].replicas
    scraping = panel(
        "Prometheus that scrape",
        "short",
        f"Of {replicas}, each of which scrapes everything.",
        (f"sum(max by (pod) ({here('thanos_sidecar_prometheus_up')}))", "up"),
    )
    yield replace(scraping, bad_below=replicas)
    yield panel(
        "Series in memory",
        "short",
        "By job and instance. Memory follows it.",
        (f"sum by (job, instance) ({here('prometheus_tsdb_head_series')})", "{{job}} {{instance}}"),
    )
    yield panel(
        "Samples taken",
        "cps",
        "Samples per second, by job: Prometheus' own, and Receive's.",
        (here.rate("prometheus_tsdb_head_samples_appended_total", WINDOW, by="job"), "{{job}}"),
    )


def _reads(here: Scope) -> Iterator[Panel]:
    yield from _requests(here, "PromQL", QUERY)
    yield panel(
        "Queries at a time",
        "short",
        "At its limit, more wait: more replicas of Query, or smaller queries.",
        (f"sum({here('thanos_query_concurrent_gate_queries_in_flight')})", "running"),
    )


def _blocks(here: Scope) -> Iterator[Panel]:
    yield blocks_written(
        here,
        "By sidecars, ingestors and rulers; failures leave samples on the volumes alone.",
        "thanos_shipper_uploads_total",
        "thanos_shipper_upload_failures_total",
    )
    yield panel(
        "The compactor's work",
        "short",
        "What is to be joined and downsampled; and whether it has halted, when nothing is done until somebody looks.",
        (f"sum({here('thanos_compact_todo_compactions')})", "to join"),
        (f"sum({here('thanos_compact_todo_downsample_blocks')})", "to downsample"),
        (f"max({here('thanos_compact_halted')})", "halted"),
    )
    yield panel(
        "Blocks that stores hold",
        "short",
        "By instance. Each should have all.",
        (f"sum by (instance) ({here('thanos_bucket_store_blocks_loaded')})", "{{instance}}"),
    )
