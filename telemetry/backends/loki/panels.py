"""Loki's panels in the dashboards of tenants and of the object store."""

from collections.abc import Iterator

from telemetry.backends.loki.context import LokiContext
from telemetry.spec.common_panels import store_requests
from telemetry.spec.panel_queries import of_tenants
from telemetry.spec.panels import WINDOW, Panel, panel
from telemetry.spec.promql import Scope

_TENANTS = of_tenants("tenant")


def tenant_panels(_: LokiContext, here: Scope) -> Iterator[Panel]:
    """Yield what tenants send and lose."""
    yield panel(
        "Lines by tenant",
        "cps",
        "Lines per second that Loki gets.",
        (here.rate("loki_distributor_lines_received_total", WINDOW, _TENANTS, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Bytes of lines by tenant",
        "Bps",
        "A tenant's limit is in these bytes.",
        (here.rate("loki_distributor_bytes_received_total", WINDOW, _TENANTS, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Lines dropped by tenant",
        "cps",
        "With the reason: a limit, or lines that are wrong in themselves.",
        (here.rate("loki_discarded_samples_total", WINDOW, _TENANTS, by="tenant, reason"), "{{tenant}}: {{reason}}"),
    )


def store_panels(_: LokiContext, here: Scope) -> Iterator[Panel]:
    """Yield how the object store answers Loki."""
    yield from store_requests(here, "Loki", "loki_s3_request_duration_seconds")
