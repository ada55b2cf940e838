"""Mimir's panels in the dashboards of tenants and of the object store."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.backends.mimir.context import MimirContext
from telemetry.spec.common_panels import store_operations
from telemetry.spec.panel_queries import of_tenants
from telemetry.spec.panels import WINDOW, Panel, panel
from telemetry.spec.promql import Scope

_TENANTS = of_tenants("user")


def tenant_panels(context: MimirContext, here: Scope) -> Iterator[Panel]:
    """Yield what tenants send, ask and lose."""
    yield panel(
        "Samples by tenant",
        "cps",
        "Samples per second that Mimir takes.",
        (here.rate("cortex_distributor_received_samples_total", WINDOW, _TENANTS, by="user"), "{{user}}"),
    )
    yield panel(
        "Samples dropped by tenant",
        "cps",
        "With the reason: a limit, or samples that are wrong in themselves.",
        (here.rate("cortex_discarded_samples_total", WINDOW, _TENANTS, by="user, reason"), "{{user}}: {{reason}}"),
    )
    yield _series(context, here)
    yield replace(
        panel(
            "Time spent on queries by tenant",
            "short",
            "Seconds of queriers' time per second: how many queriers each tenant keeps busy.",
            (here.rate("cortex_query_seconds_total", WINDOW, _TENANTS, by="user"), "{{user}}"),
        ),
        width=24,
    )


def _series(context: MimirContext, here: Scope) -> Panel:
    """Return the series of tenants, measured by their limit where somebody exports it."""
    metrics = context.settings
    made, gone = (here(f"cortex_ingester_memory_series_{each}_total", _TENANTS) for each in ("created", "removed"))
    series = f"(sum by (user) ({made}) - sum by (user) ({gone})) / {metrics.replication_factor}"
    if "overrides-exporter" not in metrics.runs:
        return panel("Series by tenant", "short", "Series in memory; replicas count once.", (series, "{{user}}"))
    limit = here("cortex_limits_overrides", _TENANTS, limit_name="max_global_series_per_user")
    used = panel(
        "Series by tenant, of their limit",
        "percentunit",
        "At 1, new series are dropped; alerts above 0.9.",
        (f"{series} / (max by (user) ({limit}) > 0)", "{{user}}"),
    )
    return replace(used, bad_above=0.9)


def store_panels(_: MimirContext, here: Scope) -> Iterator[Panel]:
    """Yield how the object store answers Mimir."""
    yield from store_operations(here, "Mimir", "thanos_objstore_bucket_operation")
