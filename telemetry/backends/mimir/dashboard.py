"""Mimir, along the way of a sample: taken, kept, written to the bucket, asked for; and its rules."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.backends.mimir.context import MimirContext
from telemetry.backends.mimir.service_levels import INGEST as MIMIR_INGEST
from telemetry.backends.mimir.service_levels import QUERY as MIMIR_QUERY
from telemetry.config.quorum import min_available
from telemetry.spec.common_panels import blocks_written, requests, rules_and_notifications
from telemetry.spec.panel_queries import QUANTILE, quantile
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope


def dashboard(context: MimirContext) -> Dashboard:
    """Return Mimir's dashboard."""
    here = Scope.namespace(context.namespace.name)
    rows = (
        Row("Taking samples", tuple(_writes(here))),
        Row("Ingesters", tuple(_ingesters(context, here))),
        Row("Answering", tuple(_reads(here))),
        Row("Blocks", tuple(_blocks(here))),
        Row("Rules and notifications", tuple(rules_and_notifications(here, prefix="cortex_", tenant="user"))),
    )
    return Dashboard("mimir", "Mimir", "How Mimir takes, keeps and answers for metrics.", rows, (QUANTILE,))


def _writes(here: Scope) -> Iterator[Panel]:
    yield from requests(here, "Writing", "cortex", MIMIR_INGEST)
    yield panel(
        "Samples",
        "cps",
        "Samples per second: those that were taken, and those that were dropped, with the reason.",
        (here.rate("cortex_distributor_received_samples_total", WINDOW), "taken"),
        (here.rate("cortex_discarded_samples_total", WINDOW, by="reason"), "dropped: {{reason}}"),
    )


def _ingesters(context: MimirContext, here: Scope) -> Iterator[Panel]:
    metrics = context.settings
    replicas = metrics.roles["ingester"].replicas
    needed = min_available(replicas=replicas, replication_factor=metrics.replication_factor)
    ring = panel(
        "Ingesters in the ring",
        "short",
        f"By state. Of {replicas}, {needed} must be ACTIVE for every series to have a quorum.",
        (f"max by (state) ({here('cortex_ring_members', name='ingester')})", "{{state}}"),
    )
    yield replace(ring, bad_below=needed)
    yield panel(
        "Series in memory",
        "short",
        f"By ingester; each series is on {metrics.replication_factor} of them. Memory follows it.",
        (f"sum by (pod) ({here('cortex_ingester_memory_series')})", "{{pod}}"),
    )
    oldest = here("cortex_ingester_oldest_unshipped_block_timestamp_seconds")
    yield panel(
        "Oldest block that is not in the bucket",
        "s",
        "Its age. Beyond a few hours blocks are not written, and a lost volume loses them.",
        (f"max by (pod) (time() - ({oldest} > 0))", "{{pod}}"),
    )


def _reads(here: Scope) -> Iterator[Panel]:
    yield from requests(here, "PromQL", "cortex", MIMIR_QUERY)
    yield panel(
        "Time in the queue",
        "s",
        "The chosen quantile of how long parts of queries wait for a querier: more queriers, or smaller queries.",
        (quantile(here, "cortex_query_scheduler_queue_duration_seconds"), "waiting"),
    )


def _blocks(here: Scope) -> Iterator[Panel]:
    yield blocks_written(
        here,
        "By ingesters; failures leave samples on the volumes alone.",
        "cortex_ingester_shipper_uploads_total",
        "cortex_ingester_shipper_upload_failures_total",
    )
    compacted = here("cortex_compactor_last_successful_run_timestamp_seconds")
    cleaned = here("cortex_compactor_block_cleanup_last_successful_run_timestamp_seconds")
    yield panel(
        "Since the last good run",
        "s",
        "Of the compactor (alerts after a day), and of its clean-up, which enforces retention (alerts after 6 hours).",
        (f"time() - max({compacted} > 0)", "compaction"),
        (f"time() - max({cleaned} > 0)", "clean-up"),
    )
    yield panel(
        "Blocks that store-gateways hold",
        "short",
        "By pod. They should have about the same number.",
        (f"sum by (pod) ({here('cortex_bucket_store_blocks_loaded')})", "{{pod}}"),
    )
