"""Pyroscope's panels in the dashboard of tenants. Nothing of this was measured (tests/metrics/pyroscope.txt)."""

from collections.abc import Iterator

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.spec.panel_queries import of_tenants
from telemetry.spec.panels import WINDOW, Panel, panel
from telemetry.spec.promql import Scope

_TENANTS = of_tenants("tenant")


def tenant_panels(_: PyroscopeContext, here: Scope) -> Iterator[Panel]:
    """Yield what tenants send and lose."""
    received = "pyroscope_distributor_received_compressed_bytes"
    yield panel(
        "Profiles by tenant",
        "cps",
        "Profiles per second that Pyroscope gets.",
        (here.rate(f"{received}_count", WINDOW, _TENANTS, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Bytes of profiles by tenant",
        "Bps",
        "As they arrive, compressed.",
        (here.rate(f"{received}_sum", WINDOW, _TENANTS, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Bytes of profiles dropped by tenant",
        "Bps",
        "With the reason: a limit, or profiles that are wrong in themselves.",
        (here.rate("pyroscope_discarded_bytes_total", WINDOW, _TENANTS, by="tenant, reason"), "{{tenant}}: {{reason}}"),
    )
