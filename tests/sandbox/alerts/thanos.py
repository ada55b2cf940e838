"""Cases for the alerts of Prometheus with Thanos, and for service levels as it measures them."""

from tests.sandbox.alerts.case import Case, fires, of, silent

_BUILD_INFO = of("thanos_build_info", pod="thanos-query-a")
_UP = "thanos_sidecar_prometheus_up"
_INGESTOR = "thanos_receive_multi_db_updates_attempted_total"
_HEADS = of("prometheus_tsdb_compactions_failed_total", pod="thanos-receive-ingestor-0", tenant="platform")
_LIMITED = of("thanos_receive_head_series_limited_requests_total", tenant="platform", pod="thanos-receive-router-a")
_UPLOADS = of("thanos_shipper_upload_failures_total", pod="prometheus-server-0")
_HALTED = of("thanos_compact_halted", pod="thanos-compact-0")
_RUNS = of("thanos_compact_iterations_total", pod="thanos-compact-0")
_SELDOM = " ".join(f"{run}x299" for run in range(6))
_EVALUATIONS = of("prometheus_rule_evaluation_failures_total", rule_group="ours", pod="thanos-rule-0")
_DROPPED = of("thanos_alert_sender_alerts_dropped_total", alertmanager="a", pod="thanos-rule-0")


def _prometheus(first: str, second: str) -> dict[str, str]:
    """Return what two sidecars say of Prometheus, beside another pod of Thanos."""
    up = {of(_UP, pod=f"prometheus-server-{n}"): values for n, values in enumerate((first, second))}
    return {_BUILD_INFO: "1x180", **up}


def _loaded(of_one: str) -> dict[str, str]:
    name = "config_last_reload_successful"
    return {
        of(f"thanos_receive_{name}", pod="thanos-receive-router-a"): "1x180",
        of(f"prometheus_{name}", pod="prometheus-server-0"): "1x180",
        of(f"prometheus_{name}", pod="prometheus-server-1"): of_one,
    }


def _ingestors(*values: str) -> dict[str, str]:
    each = {of(_INGESTOR, pod=f"thanos-receive-ingestor-{n}"): growth for n, growth in enumerate(values)}
    return {_BUILD_INFO: "1x180", **each}


def _forwarded(failed: str) -> dict[str, str]:
    labels = {"pod": "thanos-receive-router-a"}
    return {
        of("thanos_receive_forward_requests_total", result="error", **labels): failed,
        of("thanos_receive_forward_requests_total", result="success", **labels): "0+100x180",
    }


def _operations(failures: str) -> dict[str, str]:
    labels = {"job": "ca7f8f-prod/store-gateway", "operation": "get_range"}
    return {
        of("thanos_objstore_bucket_operation_failures_total", **labels): failures,
        of("thanos_objstore_bucket_operations_total", **labels): "0+100x180",
    }


def _members(first: str, second: str) -> dict[str, str]:
    return {of("alertmanager_cluster_members", pod=f"alertmanager-{n}"): seen for n, seen in enumerate((first, second))}


def _notifications(failed: str) -> dict[str, str]:
    labels = {"integration": "email", "pod": "alertmanager-0"}
    return {
        of("alertmanager_notifications_failed_total", reason="other", **labels): failed,
        of("alertmanager_notifications_total", **labels): "0+10x180",
    }


def _requests(handler: str, le: str, *, in_time: int = 1000, failed: int = 0) -> dict[str, str]:
    """Return a thousand good answers a minute, of which some are in time, and some that failed."""
    total, bucket = "http_requests_total", "http_request_duration_seconds_bucket"
    return {
        of(total, handler=handler, code="200"): "0+1000x200",
        of(total, handler=handler, code="500"): f"0+{failed}x200",
        of(bucket, handler=handler, code="200", le=le): f"0+{in_time}x200",
    }


def _tenant(handler: str, code: str, share: float, tenant: str = "platform") -> dict[str, str]:
    """Return a thousand requests of a tenant a minute, of which some are answered with a code."""
    return {
        of("http_requests_total", handler=handler, code="200", tenant=tenant): f"0+{1000 - share:g}x4500",
        of("http_requests_total", handler=handler, code=code, tenant=tenant): f"0+{share:g}x4500",
    }


_OF_TENANT = "TenantBudgetBurnsSlow"
_SERVICE_LEVELS: tuple[Case, ...] = (
    fires("MetricsIngestBurnsFast", "one in twenty fails", _requests("receive", "1", failed=50)),
    fires("MetricsIngestBurnsFast", "half of the answers are late", _requests("otlp", "1.0", in_time=500)),
    silent("MetricsIngestBurnsFast", "one in a thousand fails", _requests("otlp", "1.0", failed=1)),
    fires("MetricsQueryBurnsFast", "a third fails", _requests("query_range", "3", failed=500)),
    fires("MetricsQueryBurnsFast", "half of the answers are late", _requests("label_values", "3.0", in_time=500)),
    silent("MetricsQueryBurnsFast", "one in a hundred fails", _requests("query", "3", failed=10)),
    silent("MetricsQueryBurnsFast", "what nobody asks for fails", _requests("stores", "3", failed=900)),
    fires(_OF_TENANT, "its requests are refused", _tenant("receive", "429", 4), 'slo="metrics-ingest"', at="24h"),
    silent(_OF_TENANT, "half the budget, for a day", _tenant("receive", "429", 0.5), at="24h"),
    silent(_OF_TENANT, "it is to send again", _tenant("otlp", "503", 40), at="24h"),
    fires(_OF_TENANT, "4 in a hundred queries fail", _tenant("query", "500", 40), 'slo="metrics-query"', at="24h"),
    silent(_OF_TENANT, "its queries are wrong", _tenant("query", "400", 40), at="24h"),
    silent(_OF_TENANT, "somebody who is no tenant of the settings", _tenant("receive", "429", 4, "other"), at="24h"),
)

CASES: tuple[Case, ...] = (
    fires("ThanosNotScraped", "nobody scrapes it", {'thanos_build_info{namespace="elsewhere"}': "1x180"}),
    silent("ThanosNotScraped", "it is scraped", {_BUILD_INFO: "1x180"}),
    fires("ThanosConfigurationNotLoaded", "one of two", _loaded("1x60 0x120"), 'pod="prometheus-server-1"'),
    silent("ThanosConfigurationNotLoaded", "all have", _loaded("1x180")),
    silent("ThanosConfigurationNotLoaded", "it was mended at once", _loaded("1x110 0x5 1x65")),
    fires("PrometheusDown", "neither of two scrapes", _prometheus("1x60 0x120", "1x60 0x120")),
    fires("PrometheusDown", "both pods are gone", _prometheus("1x60 _x120", "1x60 _x120")),
    silent("PrometheusDown", "one of two does not scrape", _prometheus("1x180", "1x60 0x120")),
    fires("PrometheusReplicaDown", "one of two does not scrape", _prometheus("1x180", "1x60 0x120")),
    fires("PrometheusReplicaDown", "one of two pods is gone", _prometheus("1x180", "1x60 _x120")),
    silent("PrometheusReplicaDown", "one was restarted", _prometheus("1x180", "1x110 0x5 1x65")),
    fires("PrometheusHeadFailing", "blocks are not written", {_HEADS: "0+1x180"}),
    silent("PrometheusHeadFailing", "it failed long ago", {_HEADS: "0x10 1x290"}, at="5h"),
    fires("ThanosIngestorsBelowQuorum", "two of three are gone", _ingestors("0+1x180", "0+1x60 _x120", "0+1x60 _x120")),
    fires("ThanosIngestorsBelowQuorum", "all are gone", _ingestors(*3 * ["0+1x60 _x120"])),
    silent("ThanosIngestorsBelowQuorum", "one of three is gone", _ingestors("0+1x180", "0+1x180", "0+1x60 _x120")),
    fires("ThanosForwardingFailing", "one in three fails", _forwarded("0+50x180")),
    silent("ThanosForwardingFailing", "one in ten fails", _forwarded("0+10x180")),
    fires("ThanosTenantLimited", "it is at its limit", {_LIMITED: "0+6x180"}, 'tenant="platform"'),
    silent("ThanosTenantLimited", "it was for five minutes", {_LIMITED: "0x100 0+6x5 30x75"}),
    fires("ThanosUploadFailing", "uploads fail", {_UPLOADS: "0+1x180"}),
    silent("ThanosUploadFailing", "one failed long ago", {_UPLOADS: "0x10 1x170"}),
    fires("ThanosCompactorHalted", "it has halted", {_HALTED: "0x100 1x80"}),
    silent("ThanosCompactorHalted", "it works", {_HALTED: "0x180"}),
    fires("ThanosCompactionBehind", "no run for more than a day", {_RUNS: "0+1x60 60x1740"}, at="27h"),
    silent("ThanosCompactionBehind", "a run every five hours", {_RUNS: _SELDOM}, at="27h"),
    fires("ThanosBucketErrors", "one in ten fails", _operations("0+10x180"), 'job="ca7f8f-prod/store-gateway"'),
    silent("ThanosBucketErrors", "one in a hundred fails", _operations("0+1x180")),
    fires("ThanosRuleEvaluationFailing", "each evaluation fails", {_EVALUATIONS: "0+2x180"}, 'rule_group="ours"'),
    silent("ThanosRuleEvaluationFailing", "one has failed", {_EVALUATIONS: "0x100 1x80"}),
    fires("ThanosAlertsDropped", "no Alertmanager answers", {_DROPPED: "0+1x180"}),
    silent("ThanosAlertsDropped", "some were dropped long ago", {_DROPPED: "0+1x60 60x120"}),
    fires("AlertmanagersApart", "each sees itself alone", _members("1x180", "1x180")),
    fires("AlertmanagersApart", "one of them does", _members("1x180", "2x180")),
    silent("AlertmanagersApart", "each sees both", _members("2x180", "2x180")),
    fires("AlertmanagerNotificationsFailing", "one in five fails", _notifications("0+2x180"), 'integration="email"'),
    silent("AlertmanagerNotificationsFailing", "all arrive", _notifications("0x180")),
    fires(
        "ScrapeFailing",
        "one of its pods does not answer",
        {of("up", pod="thanos-store-gateway-0"): "1x60 0x120", of("up", pod="prometheus-server-0"): "1x180"},
        'pod="thanos-store-gateway-0"',
    ),
    silent("ScrapeFailing", "it does so again", {of("up", pod="thanos-store-gateway-0"): "1x110 0x5 1x65"}),
    *_SERVICE_LEVELS,
)
