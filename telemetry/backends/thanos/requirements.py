"""What Thanos requires of the stack that it is in: most of it because another metrics backend can do what it cannot."""

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.service_levels import INGEST_BUCKETS
from telemetry.config.base import SettingError
from telemetry.spec.service_levels import seconds_of
from telemetry.spec.tolerance import survives_no_loss

_DOMAIN = "cluster.local"


def check(context: ThanosContext) -> None:
    """Refuse what Thanos has not, and that prod loses samples with a lost ingestor."""
    _check_names(context)
    _check_tenants(context)
    _check_gateway(context)
    _check_expiry(context)
    _check_promise(context)
    if context.monitoring.rules == "ruler":
        raise SettingError(
            "monitoring.rules",
            "Thanos' ruler takes no rules over HTTP; with none, the program puts the platform's rules there by itself, "
            "and with prometheus-rule they are an operator's: use one of the two",
        )
    tolerant = context.settings.survives_a_lost_ingester or context.settings.accept_no_failure_tolerance
    if context.environment == "prod" and not tolerant:
        raise survives_no_loss("metrics", "ingestor")


def _check_names(context: ThanosContext) -> None:
    """Refuse a domain that the chart's list of ingestors does not know: it has no key for it."""
    if context.kubernetes.cluster_domain != _DOMAIN:
        raise SettingError(
            "kubernetes.cluster_domain",
            f"the chart thanos names Receive's ingestors in {_DOMAIN} whatever it is told, and no pushed sample would "
            "arrive; use backend: mimir for metrics",
        )


def _check_tenants(context: ThanosContext) -> None:
    """Refuse retention by tenant, and limits and rules that would see no data, as nobody says whose it is."""
    for tenant, grant in context.tenants.items():
        if grant.retention is not None:
            raise SettingError(
                "tenants.….retention.metrics",
                f"is set of {tenant}, and Thanos keeps all tenants' samples for telemetry:metrics.retention; remove it",
            )
    counted = [tenant for tenant, grant in context.tenants.items() if grant.limits.max_series is not None]
    if counted and context.monitoring.tenant is None:
        raise SettingError(
            "monitoring.tenant",
            f"is not set, and limits.metrics.max_series of {counted[0]} is held by metrics of Receive, which are this "
            "tenant's; name the tenant that has the platform's own metrics",
        )
    if context.tenants and context.monitoring.tenant is None and context.monitoring.rules == "none":
        raise SettingError(
            "monitoring.tenant",
            "is not set, and Thanos' ruler, which evaluates the platform's rules, asks in its name: they would see no "
            "data and never fire; name the tenant that has the platform's own metrics, or set monitoring.rules: "
            "prometheus-rule",
        )


def _check_expiry(context: ThanosContext) -> None:
    """Refuse that objects end by the retention of samples, where blocks made of them are kept for longer."""
    settings, asked = context.settings, context.object_store.expire_after
    if asked is not None and asked.metrics is not None and max(settings.of_5m, settings.of_1h) > settings.retention:
        raise SettingError(
            "object_store.expire_after.metrics",
            "follows telemetry:metrics.retention, and blocks of 5m or 1h are kept for longer; remove it",
        )


def _check_promise(context: ThanosContext) -> None:
    """Refuse a promise that nobody measures: what takes longer is in no bucket."""
    latency, longest = context.monitoring.objectives.metrics_ingest.latency, max(INGEST_BUCKETS)
    if latency is not None and seconds_of(latency) > longest:
        raise SettingError(
            "monitoring.objectives.metrics_ingest.latency",
            f"Thanos' Receive measures times of up to {longest}s; promise that or less, or remove it",
        )


def _check_gateway(context: ThanosContext) -> None:
    gateway = context.gateway
    if gateway is None:
        return
    if gateway.backend_tls is not None:
        raise SettingError(
            "gateway.backend_tls",
            "Thanos' and Prometheus' pods are not given certificates; remove it, or use backend: mimir for metrics",
        )
    if gateway.federation is not None:
        raise SettingError(
            "gateway.federation",
            "is a reader of all tenants, and Thanos' Query answers for one tenant at a time; set it to null",
        )
