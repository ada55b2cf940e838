"""Cases for Mimir's alerts."""

from tests.sandbox.alerts.case import Case, fires, of, silent

_ACTIVE = of("cortex_ring_members", name="ingester", state="ACTIVE")
_UNHEALTHY = of("cortex_ring_members", name="ingester", state="Unhealthy")
_UPLOADS, _HEADS = "cortex_ingester_shipper_upload_failures_total", "cortex_ingester_tsdb_compactions_failed_total"
_COMPACTED = of("cortex_compactor_last_successful_run_timestamp_seconds")
_CLEANED = of("cortex_compactor_block_cleanup_last_successful_run_timestamp_seconds")
_DISCARDED = "cortex_discarded_samples_total"
_EVALUATIONS = of("cortex_prometheus_rule_evaluation_failures_total", user="platform", rule_group="ours", reason="user")


def _operations(failures: str) -> dict[str, str]:
    labels = {"component": "ingester", "operation": "upload"}
    return {
        of("thanos_objstore_bucket_operation_failures_total", **labels): failures,
        of("thanos_objstore_bucket_operations_total", **labels): "0+100x180",
    }


def _series(created: str, user: str = "platform", usual: str = "100x180") -> dict[str, str]:
    """Return the series of a tenant on three ingesters; platform has a limit of 1000, others have the usual one."""
    name = "cortex_ingester_memory_series"
    return {
        **{of(f"{name}_created_total", user=user, pod=f"{n}"): created for n in range(3)},
        **{of(f"{name}_removed_total", user=user, pod=f"{n}"): "100x180" for n in range(3)},
        of("cortex_limits_overrides", user="platform", limit_name="max_global_series_per_user"): "1000x180",
        of("cortex_limits_overrides", user="platform", limit_name="ingestion_rate"): "1x180",
        of("cortex_limits_defaults", limit_name="max_global_series_per_user"): usual,
        of("cortex_limits_defaults", limit_name="ingestion_rate"): "1x180",
    }


def _notifications(failed: str) -> dict[str, str]:
    labels = {"user": "platform", "integration": "email"}
    return {
        of("cortex_alertmanager_notifications_failed_total", reason="other", **labels): failed,
        of("cortex_alertmanager_notifications_total", **labels): "0+10x180",
    }


def _unsent(dropped: str, sent: str) -> dict[str, str]:
    """Return two alertmanagers: what is dropped by one, and what the other gets."""
    name = "cortex_prometheus_notifications"
    return {
        of(f"{name}_dropped_total", user="platform", alertmanager="a"): dropped,
        of(f"{name}_dropped_total", user="platform", alertmanager="b"): "0x180",
        of(f"{name}_sent_total", user="platform", alertmanager="a"): "0x180",
        of(f"{name}_sent_total", user="platform", alertmanager="b"): sent,
    }


CASES: tuple[Case, ...] = (
    fires("MimirNotScraped", "nobody scrapes it", {'cortex_build_info{namespace="elsewhere"}': "1x180"}),
    silent("MimirNotScraped", "it is scraped", {of("cortex_build_info"): "1x180"}),
    fires("MimirIngestersBelowQuorum", "two of three are gone", {_ACTIVE: "3x60 1x120"}),
    silent("MimirIngestersBelowQuorum", "one of three is gone", {_ACTIVE: "3x60 2x120"}),
    silent("MimirIngestersBelowQuorum", "others' ingesters are gone", {'cortex_ring_members{namespace="a"}': "0x180"}),
    fires("MimirIngesterUnhealthy", "one has no heartbeat", {_UNHEALTHY: "1x180"}),
    silent("MimirIngesterUnhealthy", "one was restarted", {_UNHEALTHY: "0x100 1x10 0x70"}),
    fires("MimirFlushFailing", "uploads fail", {of(_UPLOADS): "0+1x180", of(_HEADS): "0x180"}),
    fires("MimirFlushFailing", "heads are not written", {of(_UPLOADS): "0x180", of(_HEADS): "0+1x180"}),
    silent("MimirFlushFailing", "one failed long ago", {of(_UPLOADS): "0x10 1x170", of(_HEADS): "0x180"}),
    fires("MimirCompactionBehind", "no run for more than a day", {_COMPACTED: "0x3000"}, at="26h"),
    silent("MimirCompactionBehind", "a run every hour", {_COMPACTED: "0+60x3000"}, at="26h"),
    silent("MimirCompactionBehind", "it has just been restarted", {_COMPACTED: "0+60x1500 0x60"}, at="26h"),
    fires("MimirRetentionNotRunning", "no clean-up for seven hours", {_CLEANED: "0x600"}, at="8h"),
    silent("MimirRetentionNotRunning", "a clean-up each minute", {_CLEANED: "0+60x600"}, at="8h"),
    fires("MimirBucketErrors", "one in ten fails", _operations("0+10x180"), 'component="ingester"'),
    silent("MimirBucketErrors", "one in a hundred fails", _operations("0+1x180")),
    fires(
        "MimirTenantLimited",
        "samples are over the rate",
        {of(_DISCARDED, user="platform", reason="rate_limited", group=""): "0+60x180"},
        'tenant="platform", reason="rate_limited"',
    ),
    silent(
        "MimirTenantLimited",
        "samples are bad, which is no limit",
        {of(_DISCARDED, user="platform", reason="sample-out-of-order", group=""): "0+60x180"},
    ),
    fires("MimirTenantNearSeriesLimit", "950 of 1000", _series("1050x180"), 'user="platform"'),
    silent("MimirTenantNearSeriesLimit", "800 of 1000, three times over", _series("900x180")),
    fires("MimirTenantNearSeriesLimit", "95 of the usual 100", _series("195x180", "anonymous"), 'user="anonymous"'),
    silent("MimirTenantNearSeriesLimit", "80 of the usual 100", _series("180x180", "anonymous")),
    silent("MimirTenantNearSeriesLimit", "there is no usual limit", _series("195x180", "anonymous", "0x180")),
    fires("MimirRuleEvaluationFailing", "each evaluation fails", {_EVALUATIONS: "0+1x180"}, 'rule_group="ours"'),
    silent("MimirRuleEvaluationFailing", "one has failed", {_EVALUATIONS: "0x100 1x80"}),
    fires("MimirAlertsNotSent", "no alertmanager answers", _unsent("0+1x180", "7x180"), 'tenant="platform"'),
    silent("MimirAlertsNotSent", "one of two does not", _unsent("0+1x180", "0+1x180")),
    silent("MimirAlertsNotSent", "nothing fires", _unsent("3x180", "7x180")),
    fires("MimirNotificationsFailing", "one in five fails", _notifications("0+2x180"), 'integration="email"'),
    silent("MimirNotificationsFailing", "all arrive", _notifications("0x180")),
)
