"""Rules for Loki, from metrics that the pinned version exports (tests/metrics/loki.txt)."""

from collections.abc import Iterator

from telemetry.backends.loki.context import LokiContext
from telemetry.backends.loki.service_levels import INGEST, QUERY
from telemetry.backends.loki.settings import Logs
from telemetry.config.quorum import min_available
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope

_LIMITS = "rate_limited|stream_limit|per_stream_rate_limit"
"""Reasons that a limit gives; others say that the lines themselves are bad (Loki pkg/validation/validate.go)."""


def rules(context: LokiContext) -> Iterator[Alert]:
    """Yield Loki's alerts."""
    here = Scope.namespace(context.namespace.name)
    if context.settings.topology == "distributed":
        yield _writers(context.settings, here)
    yield from alerts_anywhere(here)


def alerts_anywhere(here: Scope) -> Iterator[Alert]:
    """Yield the alerts on any Loki, whatever its settings."""
    yield Alert(
        "LokiNotScraped",
        f"absent({here('loki_build_info')})",
        "ticket",
        "15m",
        "Nothing is known of Loki: its metrics are not scraped.",
        "Every other alert on Loki is blind until they are.",
    )
    yield from _requests(here)
    yield from _bucket(here)
    limited = f'reason=~"{_LIMITS}"'
    yield Alert(
        "LokiTenantLimited",
        f"{here.rate('loki_discarded_samples_total', '5m', limited, by='tenant, reason')} > 0",
        "ticket",
        "15m",
        "A tenant's lines are dropped, because it is at a limit in Loki.",
        "{{ $labels.tenant }} loses {{ $value | humanize }} lines per second: {{ $labels.reason }}.",
    )


def _writers(logs: Logs, here: Scope) -> Alert:
    needed = min_available(replicas=logs.writers, replication_factor=logs.replication_factor)
    return Alert(
        "LokiWritersBelowQuorum",
        f"max({here('loki_ring_members', name='ingester', state='ACTIVE')}) < {needed}",
        "page",
        "2m",
        "Loki has too few writers: some lines are neither taken nor found.",
        f"{{{{ $value }}}} are active; of {logs.writers}, {needed} are needed for every stream to have a quorum.",
    )


def _requests(here: Scope) -> Iterator[Alert]:
    """Yield the alert on requests that clients make: of a Loki of others nothing is promised."""
    count, bad = "loki_request_duration_seconds_count", 'status_code=~"5.."'
    parts = [
        f"{here.rate(count, '5m', route, bad, by='route')} / {here.rate(count, '5m', route, by='route')} > 0.05"
        for route in (INGEST, QUERY)
    ]
    yield Alert(
        "LokiRequestErrors",
        " or ".join(parts),
        "page",
        "15m",
        "Loki ends requests of clients with its own errors.",
        "{{ $value | humanizePercentage }} of {{ $labels.route }} fail.",
    )


def _bucket(here: Scope) -> Iterator[Alert]:
    """Yield alerts on the way of chunks: from writers to the bucket, until they are old."""
    yield Alert(
        "LokiFlushFailing",
        f"{here.increase('loki_ingester_chunks_flush_failures_total', '30m')} > 0",
        "page",
        "15m",
        "Writers of Loki cannot write chunks to the bucket.",
        "{{ $value | humanize }} failures in 30 minutes; until it is mended, lines are on the volumes alone.",
    )
    applied = here("loki_compactor_apply_retention_last_successful_run_timestamp_seconds")
    yield Alert(
        "LokiRetentionNotRunning",
        f"time() - max(max_over_time({applied}[6h])) > 21600",
        "ticket",
        "1h",
        "Loki does not delete what is past its retention, and does not compact its index.",
        "The last good run was {{ $value | humanizeDuration }} ago; it is due every ten minutes.",
    )
    requests = "loki_s3_request_duration_seconds_count"
    failed = here.rate(requests, "5m", 'status_code=~"5.."', by="operation")
    yield Alert(
        "LokiBucketErrors",
        f"{failed} / {here.rate(requests, '5m', by='operation')} > 0.05",
        "ticket",
        "15m",
        "The object store answers Loki with errors.",
        "{{ $value | humanizePercentage }} of the requests ({{ $labels.operation }}) end with a server's error.",
    )
