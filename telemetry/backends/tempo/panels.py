"""Tempo's panels in the dashboards of tenants and of the object store."""

from collections.abc import Iterator

from telemetry.backends.tempo.context import TempoContext
from telemetry.spec.common_panels import store_requests
from telemetry.spec.panel_queries import of_tenants
from telemetry.spec.panels import WINDOW, Panel, panel
from telemetry.spec.promql import Scope

_TENANTS = of_tenants("tenant")


def tenant_panels(_: TempoContext, here: Scope) -> Iterator[Panel]:
    """Yield what tenants send and lose."""
    yield panel(
        "Spans by tenant",
        "cps",
        "Spans per second that Tempo gets.",
        (here.rate("tempo_distributor_spans_received_total", WINDOW, _TENANTS, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Bytes of spans by tenant",
        "Bps",
        "After limits; a tenant's limit is in these bytes.",
        (here.rate("tempo_distributor_bytes_received_total", WINDOW, _TENANTS, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Spans dropped by tenant",
        "cps",
        "With the reason.",
        (here.rate("tempo_discarded_spans_total", WINDOW, _TENANTS, by="tenant, reason"), "{{tenant}}: {{reason}}"),
    )


def store_panels(_: TempoContext, here: Scope) -> Iterator[Panel]:
    """Yield how the object store answers Tempo."""
    yield from store_requests(here, "Tempo", "tempodb_backend_request_duration_seconds")
