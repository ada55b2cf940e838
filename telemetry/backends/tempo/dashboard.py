"""Tempo, along the way of a span: taken, kept, written to the bucket, asked for; and the metrics made of spans."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.service_levels import QUERY as TEMPO_QUERY
from telemetry.config.quorum import min_available
from telemetry.spec.common_panels import blocks_written, requests
from telemetry.spec.panel_queries import QUANTILE, quantile
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope


def dashboard(context: TempoContext) -> Dashboard:
    """Return Tempo's dashboard."""
    here = Scope.namespace(context.namespace.name)
    rows = [
        Row("Taking spans", tuple(_writes(here))),
        Row("Ingesters", tuple(_ingesters(context, here))),
        Row("Answering", tuple(_reads(here))),
        Row("Blocks", tuple(_blocks(here))),
    ]
    if "metrics-generator" in context.settings.runs:
        rows.append(Row("Metrics from spans", tuple(_generator(here))))
    return Dashboard("tempo", "Tempo", "How Tempo takes, keeps and answers for traces.", tuple(rows), (QUANTILE,))


def _writes(here: Scope) -> Iterator[Panel]:
    yield panel(
        "Spans",
        "cps",
        "Spans per second at the receivers: taken, and refused, which is ours or a tenant at its rate.",
        *((here.rate(f"tempo_receiver_{each}_spans", WINDOW), each) for each in ("accepted", "refused")),
    )
    yield panel(
        "Bytes",
        "Bps",
        "Spans in bytes per second, after limits.",
        (here.rate("tempo_distributor_bytes_received_total", WINDOW), "taken"),
    )
    yield panel(
        "Spans dropped",
        "cps",
        "By reason; a limit's reasons say that a tenant sends more than it may.",
        (here.rate("tempo_discarded_spans_total", WINDOW, by="reason"), "{{reason}}"),
    )


def _ingesters(context: TempoContext, here: Scope) -> Iterator[Panel]:
    ring = panel(
        "Ingesters in the ring",
        "short",
        "By state. The single binary is its own ring.",
        (f"max by (state) ({here('tempo_ring_members', name='ingester')})", "{{state}}"),
    )
    if context.settings.topology == "distributed":
        replicas = context.settings.roles["ingester"].replicas
        needed = min_available(replicas=replicas, replication_factor=context.settings.replication_factor)
        wanted = f"By state. Of {replicas}, {needed} must be ACTIVE for every trace to have a quorum."
        ring = replace(ring, description=wanted, bad_below=needed)
    yield ring
    yield panel(
        "Live traces",
        "short",
        "Traces that still get spans, by ingester. Memory follows them.",
        (f"sum by (pod) ({here('tempo_ingester_live_traces')})", "{{pod}}"),
    )
    yield panel(
        "Waiting to be written",
        "short",
        "Blocks in the ingesters' queues. When it only grows, the bucket does not take them.",
        (f"sum by (pod) ({here('tempo_ingester_flush_queue_length')})", "{{pod}}"),
    )


def _reads(here: Scope) -> Iterator[Panel]:
    yield from requests(here, "Traces and searches", "tempo", TEMPO_QUERY)
    yield panel(
        "Time in the queue",
        "s",
        "The chosen quantile of how long parts of queries wait for a querier: more queriers, or smaller queries.",
        (quantile(here, "tempo_query_frontend_queue_duration_seconds"), "waiting"),
    )


def _blocks(here: Scope) -> Iterator[Panel]:
    yield blocks_written(
        here,
        "By ingesters; failures leave traces on the volumes alone.",
        "tempo_ingester_blocks_flushed_total",
        "tempo_ingester_failed_flushes_total",
    )
    yield panel(
        "Blocks",
        "short",
        "In the bucket, and waiting to be compacted. When both only grow, queries read ever more blocks.",
        (f"sum(max by (tenant) ({here('tempodb_blocklist_length')}))", "in the bucket"),
        (f"sum(max by (tenant) ({here('tempodb_compaction_outstanding_blocks')}))", "to be compacted"),
    )
    failing = ("compaction_errors", "retention_errors", "blocklist_poll_errors")
    yield panel(
        "Failures with blocks",
        "cps",
        "Of compaction, of retention (old traces stay) and of listing the bucket (new blocks are not found).",
        *((here.rate(f"tempodb_{each}_total", WINDOW), each.replace("_", " ")) for each in failing),
    )


def _generator(here: Scope) -> Iterator[Panel]:
    spans = panel(
        "Spans that metrics are made of",
        "cps",
        "Spans per second that metrics-generators get, and those that they drop, with the reason.",
        (here.rate("tempo_metrics_generator_spans_received_total", WINDOW), "received"),
        (here.rate("tempo_metrics_generator_spans_discarded_total", WINDOW, by="reason"), "dropped: {{reason}}"),
    )
    yield replace(spans, width=24)
