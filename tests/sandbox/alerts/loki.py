"""Cases for Loki's alerts."""

from tests.sandbox.alerts.case import Case, fires, of, silent

_ACTIVE = of("loki_ring_members", name="ingester", state="ACTIVE")
_FLUSHES = of("loki_ingester_chunks_flush_failures_total")
_APPLIED = of("loki_compactor_apply_retention_last_successful_run_timestamp_seconds")
_S3, _REQUESTS = "loki_s3_request_duration_seconds_count", "loki_request_duration_seconds_count"
_DISCARDED = "loki_discarded_samples_total"


def _s3(failed: str) -> dict[str, str]:
    good = of(_S3, operation="S3.PutObject", status_code="200")
    return {of(_S3, operation="S3.PutObject", status_code="500"): failed, good: "0+100x180"}


def _answers(route: str, failed: str) -> dict[str, str]:
    good = of(_REQUESTS, route=route, status_code="204")
    return {of(_REQUESTS, route=route, status_code="500"): failed, good: "0+100x180"}


CASES: tuple[Case, ...] = (
    fires("LokiNotScraped", "nobody scrapes it", {'loki_build_info{namespace="elsewhere"}': "1x180"}),
    silent("LokiNotScraped", "it is scraped", {of("loki_build_info"): "1x180"}),
    fires("LokiWritersBelowQuorum", "one of two is gone", {_ACTIVE: "2x60 1x120"}),
    silent("LokiWritersBelowQuorum", "one was restarted", {_ACTIVE: "2x100 1x1 2x79"}),
    fires("LokiRequestErrors", "pushes fail", _answers("otlp_v1_logs", "0+20x180"), 'route="otlp_v1_logs"'),
    fires("LokiRequestErrors", "queries fail", _answers("loki_api_v1_query_range", "0+20x180")),
    silent("LokiRequestErrors", "one in a hundred fails", _answers("otlp_v1_logs", "0+1x180")),
    silent("LokiRequestErrors", "what nobody asks for fails", _answers("config", "0+90x180")),
    fires("LokiFlushFailing", "flushes fail", {_FLUSHES: "0+1x180"}),
    silent("LokiFlushFailing", "one failed long ago", {_FLUSHES: "0x10 1x170"}),
    fires("LokiRetentionNotRunning", "it ran once and never again", {_APPLIED: "60x600"}, at="9h"),
    silent("LokiRetentionNotRunning", "it runs", {_APPLIED: "0+60x600"}, at="9h"),
    fires("LokiBucketErrors", "one in six fails", _s3("0+20x180"), 'operation="S3.PutObject"'),
    silent("LokiBucketErrors", "one in a hundred fails", _s3("0+1x180")),
    fires(
        "LokiTenantLimited",
        "it sends too much",
        {of(_DISCARDED, tenant="platform", reason="rate_limited"): "0+5x180"},
        'tenant="platform"',
    ),
    silent(
        "LokiTenantLimited",
        "its lines are too old",
        {of(_DISCARDED, tenant="platform", reason="greater_than_max_sample_age"): "0+5x180"},
    ),
)
