"""Thanos in Grafana: a Prometheus, whose exemplars lead to traces."""

from telemetry.backends.thanos.context import ThanosContext
from telemetry.spec.datasource import DatasourceSettings, Uids

_TRACE_ID_LABEL = "traceID"
"""The label of an exemplar in which metrics that are made of spans have the trace's id."""
_VERSION = "0.42.4"
"""That of the chart. Grafana asks for labels by matchers from 0.18.0 on."""


def datasource(context: ThanosContext, uids: Uids) -> DatasourceSettings:
    """Return Thanos' datasource."""
    traces = [{"name": _TRACE_ID_LABEL, "datasourceUid": uids["traces"]}] if "traces" in uids else []
    return DatasourceSettings(
        "prometheus",
        {
            "prometheusType": "Thanos",
            "prometheusVersion": _VERSION,
            "httpMethod": "POST",
            "timeInterval": f"{context.settings.scrape_interval}s",
            "exemplarTraceIdDestinations": traces,
        },
    )
