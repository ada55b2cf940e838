"""Pyroscope in Grafana."""

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.spec.datasource import DatasourceSettings, Uids

_STEP = "15s"
"""How often Alloy and the SDKs take a profile, unless told."""


def datasource(_: PyroscopeContext, __: Uids) -> DatasourceSettings:
    """Return Pyroscope's datasource."""
    return DatasourceSettings("grafana-pyroscope-datasource", {"minStep": _STEP})
