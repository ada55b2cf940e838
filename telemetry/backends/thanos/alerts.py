"""Rules for Prometheus with Thanos, from metrics that the pinned versions export (tests/metrics/thanos.txt)."""

from collections.abc import Iterator

from telemetry.backends.thanos.context import ThanosContext
from telemetry.config.quorum import min_available
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope

_BUILD_INFO = "thanos_build_info"
_RELOADING = ("prometheus", "alertmanager", "thanos_receive", "thanos_rule")
"""What metrics of programs begin with that read their configuration again while they run."""
_OF_INGESTOR = "thanos_receive_multi_db_updates_attempted_total"
"""What each ingestor has once, and a router has not (Thanos cmd/thanos/receive.go)."""


def rules(context: ThanosContext) -> Iterator[Alert]:
    """Yield Thanos' alerts."""
    here = Scope.namespace(context.namespace.name)
    yield Alert(
        "ThanosNotScraped",
        f"absent({here(_BUILD_INFO)})",
        "ticket",
        "15m",
        "Nothing is known of Thanos: its metrics are not scraped.",
        "Every other alert on Thanos is blind until they are.",
    )
    loaded = " or ".join(here(f"{program}_config_last_reload_successful") for program in _RELOADING)
    yield Alert(
        "ThanosConfigurationNotLoaded",
        f"min by (pod) ({loaded}) == 0",
        "ticket",
        "10m",
        "A program could not read its changed configuration, and goes on with the one before.",
        "{{ $labels.pod }} does not do what was changed since, and will not come up again when it restarts.",
    )
    yield from _prometheus(context, here)
    yield from _receive(context, here)
    yield from _blocks(here)
    yield from _rules(context, here)


def _prometheus(context: ThanosContext, here: Scope) -> Iterator[Alert]:
    replicas, asked = context.settings.roles["prometheus"].replicas, context.monitoring
    up = _or_none(here, f"sum({_once(here('thanos_sidecar_prometheus_up'))})")
    # Where it is our own alone that scrapes, it takes all metrics with it when it goes.
    if asked.scrape == "none" or (asked.rules == "none" and asked.scrape != "collector"):
        up = f"({up} or vector(0))"
    yield Alert(
        "PrometheusDown",
        f"{up} < 1",
        "page",
        "5m",
        "No Prometheus scrapes.",
        "What is scraped has a gap since then; what is pushed has none.",
    )
    if replicas > 1:
        yield Alert(
            "PrometheusReplicaDown",
            f"{up} < {replicas}",
            "ticket",
            "15m",
            "A replica of Prometheus does not scrape.",
            f"{{{{ $value }}}} of {replicas} are up; without the last one, what is scraped has a gap.",
        )
    yield Alert(
        "PrometheusHeadFailing",
        f"{here.increase('prometheus_tsdb_compactions_failed_total', '3h')} > 0",
        "ticket",
        "15m",
        "Prometheus or an ingestor cannot write blocks to its volume.",
        "{{ $value | humanize }} failures in 3 hours; look whether the volume is full.",
    )


def _once(selector: str) -> str:
    """Return what each pod says, whoever scrapes it: our own Prometheus does, and somebody else may as well."""
    return f"max by (pod) ({selector})"


def _or_none(here: Scope, number: str) -> str:
    """Return a number of pods: 0 where none of them is seen, as long as anything of Thanos is."""
    return f"({number} or 0 * count({here(_BUILD_INFO)}))"


def _receive(context: ThanosContext, here: Scope) -> Iterator[Alert]:
    settings = context.settings
    replicas = settings.roles["receive-ingestor"].replicas
    needed = min_available(replicas=replicas, replication_factor=settings.replication_factor)
    yield Alert(
        "ThanosIngestorsBelowQuorum",
        f"{_or_none(here, f'count({_once(here(_OF_INGESTOR))})')} < {needed}",
        "page",
        "2m",
        "Receive has too few ingestors: some writes fail.",
        f"{{{{ $value }}}} ingestors are up; of {replicas}, {needed} are needed for every series to have a quorum.",
    )
    failed = here.rate("thanos_receive_forward_requests_total", "5m", 'result="error"')
    tried = here.rate("thanos_receive_forward_requests_total", "5m")
    yield Alert(
        "ThanosForwardingFailing",
        f"{failed} / {tried} > 0.2",
        "ticket",
        "10m",
        "Receive's router cannot hand samples to ingestors.",
        "{{ $value | humanizePercentage }} fail; what has no quorum is refused, and senders try again.",
    )
    limited = here.rate("thanos_receive_head_series_limited_requests_total", "5m", by="tenant")
    yield Alert(
        "ThanosTenantLimited",
        f"{limited} > 0",
        "ticket",
        "15m",
        "A tenant's requests are refused, because it is at its limit of series.",
        "{{ $labels.tenant }} loses {{ $value | humanize }} requests per second.",
    )


def _blocks(here: Scope) -> Iterator[Alert]:
    """Yield alerts on the way of blocks: to the bucket, and through the compactor."""
    yield Alert(
        "ThanosUploadFailing",
        f"{here.increase('thanos_shipper_upload_failures_total', '30m')} > 0",
        "page",
        "15m",
        "Blocks cannot be written to the bucket.",
        "{{ $value | humanize }} failures in 30 minutes; beyond telemetry:metrics.local_retention samples are lost.",
    )
    yield Alert(
        "ThanosCompactorHalted",
        f"max({here('thanos_compact_halted')}) > 0",
        "ticket",
        "5m",
        "Thanos' compactor has halted, although its pod is ready.",
        "Nothing is joined, downsampled or deleted until somebody has looked; its log names the blocks that overlap.",
    )
    yield Alert(
        "ThanosCompactionBehind",
        f"{here.increase('thanos_compact_iterations_total', '1d')} < 1",
        "ticket",
        "1h",
        "Thanos' compactor has not finished a run for a day.",
        "Queries read ever more small blocks, and what is past its retention stays.",
    )
    failed = here.rate("thanos_objstore_bucket_operation_failures_total", "5m", by="job")
    tried = here.rate("thanos_objstore_bucket_operations_total", "5m", by="job")
    yield Alert(
        "ThanosBucketErrors",
        f"{failed} / {tried} > 0.05",
        "ticket",
        "15m",
        "Thanos' requests to its bucket fail.",
        "{{ $value | humanizePercentage }} of the requests of {{ $labels.job }} fail.",
    )


def _rules(context: ThanosContext, here: Scope) -> Iterator[Alert]:
    yield Alert(
        "ThanosRuleEvaluationFailing",
        f"{here.rate('prometheus_rule_evaluation_failures_total', '5m', by='rule_group')} > 0",
        "ticket",
        "15m",
        "Thanos' ruler cannot evaluate a group of rules.",
        "Alerts of {{ $labels.rule_group }} may not fire.",
    )
    yield Alert(
        "ThanosAlertsDropped",
        f"{here.rate('thanos_alert_sender_alerts_dropped_total', '5m')} > 0",
        "page",
        "5m",
        "Thanos' ruler reaches no Alertmanager: nobody hears of alerts.",
        "{{ $value | humanize }} alerts per second are dropped.",
    )
    replicas = context.settings.roles["alertmanager"].replicas
    if replicas > 1:
        yield Alert(
            "AlertmanagersApart",
            f"min({here('alertmanager_cluster_members')}) < {replicas}",
            "ticket",
            "15m",
            "Alertmanagers do not know each other, and notify twice.",
            f"One sees {{{{ $value }}}} of {replicas}.",
        )
    failed = here.rate("alertmanager_notifications_failed_total", "5m", by="integration")
    sent = here.rate("alertmanager_notifications_total", "5m", by="integration")
    yield Alert(
        "AlertmanagerNotificationsFailing",
        f"{failed} / {sent} > 0.1",
        "page",
        "15m",
        "Alertmanager does not reach those whom it is to notify.",
        "{{ $value | humanizePercentage }} of those by {{ $labels.integration }} fail.",
    )
