"""Mimir in Grafana: a Prometheus, whose exemplars lead to traces and whose alerts to silences."""

from telemetry.backends.mimir.context import MimirContext
from telemetry.spec.datasource import ALERTS, DatasourceSettings, Uids

_TRACE_ID_LABEL = "traceID"
"""The label of an exemplar in which metrics that are made of spans have the trace's id."""


def datasource(_: MimirContext, uids: Uids) -> DatasourceSettings:
    """Return Mimir's datasource."""
    traces = [{"name": _TRACE_ID_LABEL, "datasourceUid": uids["traces"]}] if "traces" in uids else []
    alerts = {"alertmanagerUid": uids[ALERTS], "manageAlerts": True} if ALERTS in uids else {}
    return DatasourceSettings(
        "prometheus", {"prometheusType": "Mimir", "httpMethod": "POST", "exemplarTraceIdDestinations": traces, **alerts}
    )
