"""Rules for Tempo, from metrics that its version 2.10 exports (tests/metrics/tempo-*.txt)."""

from collections.abc import Iterator

from telemetry.backends.tempo.context import TempoContext
from telemetry.config.quorum import min_available
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope

_LIMITS = "rate_limited|live_traces_exceeded|trace_too_large"
"""Reasons that a limit gives (Tempo modules/overrides/discarded_spans.go)."""


def rules(context: TempoContext) -> Iterator[Alert]:
    """Yield Tempo's alerts."""
    here = Scope.namespace(context.namespace.name)
    yield Alert(
        "TempoNotScraped",
        f"absent({here('tempo_build_info')})",
        "ticket",
        "15m",
        "Nothing is known of Tempo: its metrics are not scraped.",
        "Every other alert on Tempo is blind until they are.",
    )
    if context.settings.topology == "distributed":  # the single binary is its own ring, and gone together with it
        yield from _ingesters(context, here)
    yield from _blocks(here)
    yield from _bucket(here)
    limited = f'reason=~"{_LIMITS}"'
    yield Alert(
        "TempoTenantLimited",
        f"{here.rate('tempo_discarded_spans_total', '5m', limited, by='tenant, reason')} > 0",
        "ticket",
        "15m",
        "A tenant's spans are dropped, because it is at a limit in Tempo.",
        "{{ $labels.tenant }} loses {{ $value | humanize }} spans per second: {{ $labels.reason }}.",
    )


def _ingesters(context: TempoContext, here: Scope) -> Iterator[Alert]:
    traces = context.settings
    replicas = traces.roles["ingester"].replicas
    active, unhealthy = (here("tempo_ring_members", name="ingester", state=each) for each in ("ACTIVE", "Unhealthy"))
    needed = min_available(replicas=replicas, replication_factor=traces.replication_factor)
    yield Alert(
        "TempoIngestersBelowQuorum",
        f"max({active}) < {needed}",
        "page",
        "2m",
        "Tempo has too few ingesters: some spans are refused.",
        f"{{{{ $value }}}} ingesters are active; of {replicas}, {needed} are needed for every trace to have a quorum.",
    )
    yield Alert(
        "TempoIngesterUnhealthy",
        f"max({unhealthy}) > 0",
        "ticket",
        "15m",
        "An ingester of Tempo has stopped its heartbeat without leaving the ring.",
        "{{ $value }} ingesters are unhealthy; one more lost may be one too many.",
    )


def _blocks(here: Scope) -> Iterator[Alert]:
    """Yield alerts on the way of blocks: from ingesters to the bucket, through the compactor, until they are old."""
    yield Alert(
        "TempoFlushFailing",
        f"{here.increase('tempo_ingester_failed_flushes_total', '30m')} > 0",
        "page",
        "15m",
        "Ingesters of Tempo cannot write blocks to the bucket.",
        "{{ $value | humanize }} failures in 30 minutes; until it is mended, traces are on the volumes alone.",
    )
    yield Alert(
        "TempoCompactionBehind",
        f"max by (tenant) ({here('tempodb_compaction_outstanding_blocks')}) > 100 "
        f'or label_replace({here.increase("tempodb_compaction_errors_total", "1h")} > 2, "tenant", "any", "", "")',
        "ticket",
        "1h",
        "Tempo's compactor does not keep up, or fails.",
        "{{ $value | humanize }} blocks are waiting, or runs failed within the hour (tenant {{ $labels.tenant }}).",
    )
    runs, errors = here.increase("tempodb_retention_duration_seconds_count", "1h"), "tempodb_retention_errors_total"
    yield Alert(
        "TempoRetentionNotRunning",
        f"({runs} == 0 and max({here('tempodb_blocklist_length')}) > 0) or {here.increase(errors, '1h')} > 2",
        "ticket",
        "1h",
        "Tempo does not delete what is past its retention.",
        "Retention has not run for an hour, or failed {{ $value | humanize }} times within it.",
    )


def _bucket(here: Scope) -> Iterator[Alert]:
    requests = "tempodb_backend_request_duration_seconds_count"
    failed = here.rate(requests, "5m", 'status_code=~"5.."', by="operation")
    yield Alert(
        "TempoBucketErrors",
        f"{failed} / {here.rate(requests, '5m', by='operation')} > 0.05",
        "ticket",
        "15m",
        "The object store answers Tempo with errors.",
        "{{ $value | humanizePercentage }} of the requests ({{ $labels.operation }}) end with a server's error.",
    )
    yield Alert(
        "TempoPollsFailing",
        f"{here.increase('tempodb_blocklist_poll_errors_total', '1h')} > 2",
        "ticket",
        "15m",
        "Tempo cannot list its bucket: new blocks are not found by queries.",
        "{{ $value | humanize }} polls failed within the hour; an object store that does not answer shows only here.",
    )
