"""Cases for Tempo's alerts."""

from tests.sandbox.alerts.case import Case, fires, of, silent

_ACTIVE = of("tempo_ring_members", name="ingester", state="ACTIVE")
_UNHEALTHY = of("tempo_ring_members", name="ingester", state="Unhealthy")
_FLUSHES = of("tempo_ingester_failed_flushes_total")
_OUTSTANDING = of("tempodb_compaction_outstanding_blocks", tenant="platform")
_COMPACTION_ERRORS = of("tempodb_compaction_errors_total")
_RUNS, _BLOCKS = of("tempodb_retention_duration_seconds_count"), of("tempodb_blocklist_length", tenant="platform")
_RETENTION_ERRORS = of("tempodb_retention_errors_total")
_REQUESTS = "tempodb_backend_request_duration_seconds_count"
_POLLS = of("tempodb_blocklist_poll_errors_total", tenant="platform")
_DISCARDED = "tempo_discarded_spans_total"


def _requests(failed: str) -> dict[str, str]:
    good = of(_REQUESTS, operation="PUT", status_code="200")
    return {of(_REQUESTS, operation="PUT", status_code="500"): failed, good: "0+100x180"}


CASES: tuple[Case, ...] = (
    fires("TempoNotScraped", "nobody scrapes it", {'tempo_build_info{namespace="elsewhere"}': "1x180"}),
    silent("TempoNotScraped", "it is scraped", {of("tempo_build_info"): "1x180"}),
    fires("TempoIngestersBelowQuorum", "two of three are gone", {_ACTIVE: "3x60 1x120"}),
    silent("TempoIngestersBelowQuorum", "one of three is gone", {_ACTIVE: "3x60 2x120"}),
    fires("TempoIngesterUnhealthy", "one has no heartbeat", {_UNHEALTHY: "1x180"}),
    silent("TempoIngesterUnhealthy", "one was restarted", {_UNHEALTHY: "0x100 1x10 0x70"}),
    fires("TempoFlushFailing", "flushes fail", {_FLUSHES: "0+1x180"}),
    silent("TempoFlushFailing", "one failed long ago", {_FLUSHES: "0x10 1x170"}),
    fires("TempoCompactionBehind", "150 blocks wait", {_OUTSTANDING: "150x180"}, 'tenant="platform"'),
    fires("TempoCompactionBehind", "runs fail", {_COMPACTION_ERRORS: "0+1x180", _OUTSTANDING: "0x180"}, 'tenant="any"'),
    silent("TempoCompactionBehind", "some wait", {_OUTSTANDING: "50x180", _COMPACTION_ERRORS: "0x180"}),
    fires(
        "TempoRetentionNotRunning",
        "it never runs",
        {_RUNS: "7x240", _BLOCKS: "9x240", _RETENTION_ERRORS: "0x240"},
        at="3h",
    ),
    fires(
        "TempoRetentionNotRunning",
        "it fails",
        {_RUNS: "0+1x240", _BLOCKS: "9x240", _RETENTION_ERRORS: "0+1x240"},
        at="3h",
    ),
    silent(
        "TempoRetentionNotRunning",
        "it runs",
        {_RUNS: "0+1x240", _BLOCKS: "9x240", _RETENTION_ERRORS: "0x240"},
        at="3h",
    ),
    silent(
        "TempoRetentionNotRunning",
        "there is nothing to delete",
        {_RUNS: "0x240", _BLOCKS: "0x240", _RETENTION_ERRORS: "0x240"},
        at="3h",
    ),
    fires("TempoBucketErrors", "one in six fails", _requests("0+20x180"), 'operation="PUT"'),
    silent("TempoBucketErrors", "one in a hundred fails", _requests("0+1x180")),
    fires("TempoPollsFailing", "each poll fails", {_POLLS: "0+1x180"}),
    silent("TempoPollsFailing", "one has failed", {_POLLS: "0x100 1x80"}),
    fires(
        "TempoTenantLimited",
        "spans are over the rate",
        {of(_DISCARDED, tenant="platform", reason="rate_limited"): "0+60x180"},
        'tenant="platform"',
    ),
    silent(
        "TempoTenantLimited",
        "the compactor gave up on a trace",
        {of(_DISCARDED, tenant="platform", reason="trace_too_large_to_compact"): "0+60x180"},
    ),
)
