"""Rules for Mimir, from metrics that the pinned version exports (tests/metrics/mimir-*.txt)."""

from collections.abc import Iterator

from telemetry.backends.mimir.context import MimirContext
from telemetry.config.quorum import min_available
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope

_LIMITS = "rate_limited|per_user_series_limit|per_user_active_series_limit|per_metric_series_limit"
"""Reasons that a limit gives; others say that the samples themselves are bad (Mimir pkg/distributor, pkg/ingester)."""


def rules(context: MimirContext) -> Iterator[Alert]:
    """Yield Mimir's alerts."""
    here = Scope.namespace(context.namespace.name)
    yield Alert(
        "MimirNotScraped",
        f"absent({here('cortex_build_info')})",
        "ticket",
        "15m",
        "Nothing is known of Mimir: its metrics are not scraped.",
        "Every other alert on Mimir is blind until they are.",
    )
    yield from _ingesters(context, here)
    yield from _blocks(here)
    yield from _tenants(context, here)
    yield from _rulers(here)


def _ingesters(context: MimirContext, here: Scope) -> Iterator[Alert]:
    metrics = context.settings
    replicas = metrics.roles["ingester"].replicas
    needed = min_available(replicas=replicas, replication_factor=metrics.replication_factor)
    active, unhealthy = (here("cortex_ring_members", name="ingester", state=each) for each in ("ACTIVE", "Unhealthy"))
    yield Alert(
        "MimirIngestersBelowQuorum",
        f"max({active}) < {needed}",
        "page",
        "2m",
        "Mimir has too few ingesters: some writes and queries fail.",
        f"{{{{ $value }}}} ingesters are active; of {replicas}, {needed} are needed for every series to have a quorum.",
    )
    yield Alert(
        "MimirIngesterUnhealthy",
        f"max({unhealthy}) > 0",
        "ticket",
        "15m",
        "An ingester of Mimir has stopped its heartbeat without leaving the ring.",
        "{{ $value }} ingesters are unhealthy; one more lost may be one too many.",
    )


def _blocks(here: Scope) -> Iterator[Alert]:
    """Yield alerts on the way of blocks: from ingesters to the bucket, through the compactor, until they are old."""
    uploads, heads = "cortex_ingester_shipper_upload_failures_total", "cortex_ingester_tsdb_compactions_failed_total"
    yield Alert(
        "MimirFlushFailing",
        f"{here.increase(uploads, '30m')} + {here.increase(heads, '30m')} > 0",
        "page",
        "15m",
        "Ingesters of Mimir cannot write blocks to the bucket.",
        "{{ $value | humanize }} failures in 30 minutes; until it is mended, samples are on the volumes alone.",
    )
    compacted = here("cortex_compactor_last_successful_run_timestamp_seconds")
    yield Alert(
        "MimirCompactionBehind",
        f"time() - max(max_over_time({compacted}[1d])) > 86400",
        "ticket",
        "1h",
        "Mimir's compactor has not finished a run for a day.",
        "The last good run was {{ $value | humanizeDuration }} ago; queries read ever more small blocks.",
    )
    cleaned = here("cortex_compactor_block_cleanup_last_successful_run_timestamp_seconds")
    yield Alert(
        "MimirRetentionNotRunning",
        f"time() - max(max_over_time({cleaned}[6h])) > 21600",
        "ticket",
        "1h",
        "Mimir does not delete what is past its retention.",
        "The last good clean-up was {{ $value | humanizeDuration }} ago; it is due every 15 minutes.",
    )
    failed = here.rate("thanos_objstore_bucket_operation_failures_total", "5m", by="component")
    tried = here.rate("thanos_objstore_bucket_operations_total", "5m", by="component")
    yield Alert(
        "MimirBucketErrors",
        f"{failed} / {tried} > 0.05",
        "ticket",
        "15m",
        "Mimir's requests to its buckets fail.",
        "{{ $value | humanizePercentage }} of the requests of {{ $labels.component }} fail.",
    )


def _tenants(context: MimirContext, here: Scope) -> Iterator[Alert]:
    limited = f'reason=~"{_LIMITS}"'
    yield Alert(
        "MimirTenantLimited",
        f"{here.rate('cortex_discarded_samples_total', '5m', limited, by='user, reason')} > 0",
        "ticket",
        "15m",
        "A tenant's samples are dropped, because it is at a limit in Mimir.",
        "{{ $labels.user }} loses {{ $value | humanize }} samples per second: {{ $labels.reason }}.",
        about="user",
    )
    if "overrides-exporter" not in context.settings.runs:
        return
    made, gone = (here(f"cortex_ingester_memory_series_{each}_total") for each in ("created", "removed"))
    granted, usual = (
        here(f"cortex_limits_{each}", limit_name="max_global_series_per_user") for each in ("overrides", "defaults")
    )
    series = f"(sum by (user) ({made}) - sum by (user) ({gone})) / {context.settings.replication_factor}"
    yield Alert(
        "MimirTenantNearSeriesLimit",
        # Who has no limit of its own, as has nobody without tenants, has the usual one; 0 is no limit.
        f"({series} / (max by (user) ({granted}) > 0) "
        f"or ({series} unless on (user) {granted}) / on () group_left () (max({usual}) > 0)) > 0.9",
        "ticket",
        "15m",
        "A tenant has less than 10 % of its series left in Mimir.",
        "{{ $labels.user }} uses {{ $value | humanizePercentage }} of them; at the limit, new series are dropped.",
        about="user",
    )


def _rulers(here: Scope) -> Iterator[Alert]:
    yield Alert(
        "MimirRuleEvaluationFailing",
        f"{here.rate('cortex_prometheus_rule_evaluation_failures_total', '5m', by='user, rule_group')} > 0",
        "ticket",
        "15m",
        "Mimir's ruler cannot evaluate a group of rules.",
        "Alerts of {{ $labels.rule_group }} of {{ $labels.user }} may not fire.",
        about="user",
    )
    dropped, arrived = (
        here.rate(f"cortex_prometheus_notifications_{each}_total", "5m", by="user") for each in ("dropped", "sent")
    )
    # Each alertmanager is sent every alert: where one of two is lost half are dropped, and the other tells people.
    yield Alert(
        "MimirAlertsNotSent",
        f"{dropped} / ({dropped} + {arrived} > 0) > 0.6",
        "page",
        "10m",
        "Mimir's ruler does not get alerts to the alertmanager: what fires is told to nobody.",
        "{{ $value | humanizePercentage }} of those of {{ $labels.user }} are dropped.",
        about="user",
    )
    failed = here.rate("cortex_alertmanager_notifications_failed_total", "5m", by="user, integration")
    sent = here.rate("cortex_alertmanager_notifications_total", "5m", by="user, integration")
    yield Alert(
        "MimirNotificationsFailing",
        f"{failed} / {sent} > 0.1",
        "page",
        "15m",
        "Mimir's alertmanager does not reach those whom it is to notify.",
        "{{ $value | humanizePercentage }} of those of {{ $labels.user }} by {{ $labels.integration }} fail.",
        about="user",
    )
