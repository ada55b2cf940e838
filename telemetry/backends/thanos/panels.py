"""Thanos' panels in the dashboards of tenants and of the object store."""

from collections.abc import Iterator

from telemetry.backends.thanos.context import ThanosContext
from telemetry.spec.common_panels import store_operations
from telemetry.spec.panel_queries import of_tenants
from telemetry.spec.panels import WINDOW, Panel, panel
from telemetry.spec.promql import Scope

_TENANTS = of_tenants("tenant")


def tenant_panels(_: ThanosContext, here: Scope) -> Iterator[Panel]:
    """Yield what tenants send, ask and lose."""
    samples = "thanos_receive_write_samples_sum"
    yield panel(
        "Samples by tenant",
        "cps",
        "Samples per second that Receive takes; refused ones are not in it.",
        (here.rate(samples, WINDOW, _TENANTS, 'code="200"', by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Requests refused by tenant",
        "reqps",
        "Because the tenant is at its limit of series.",
        (here.rate("thanos_receive_head_series_limited_requests_total", WINDOW, _TENANTS, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Series by tenant",
        "short",
        "Series in the memory of ingestors; each replica counts.",
        (f"sum by (tenant) ({here('prometheus_tsdb_head_series', _TENANTS)})", "{{tenant}}"),
    )


def store_panels(_: ThanosContext, here: Scope) -> Iterator[Panel]:
    """Yield how the object store answers Thanos."""
    yield from store_operations(here, "Thanos", "thanos_objstore_bucket_operation")
