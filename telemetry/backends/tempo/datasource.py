"""Tempo in Grafana, and what leads from a span to metrics, logs and profiles."""

from typing import Any

from telemetry.backends.tempo.context import TempoContext
from telemetry.spec.datasource import DatasourceSettings, Uids

_LINES_OF_TRACE = '{${__tags}} | trace_id = "${__trace.traceId}"'
"""LogQL: lines that came over OTLP have the trace's id in their structured metadata."""
_CPU_PROFILE = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
"""What most profilers send, in any language; another one is a choice of two clicks."""
_SPAN_RATE = "sum by (span_name) (rate(traces_spanmetrics_calls_total{$__tags}[5m]))"
_SPAN_LATENCY = "histogram_quantile(0.95, sum by (le) (rate(traces_spanmetrics_latency_bucket{$__tags}[5m])))"


def datasource(context: TempoContext, uids: Uids) -> DatasourceSettings:
    """Return Tempo's datasource: links to metrics are there where the metrics-generator makes those metrics."""
    traces = context.settings
    links: dict[str, Any] = {"nodeGraph": {"enabled": True}}
    if "metrics" in uids and traces.makes("span-metrics"):
        links["tracesToMetrics"] = _to_metrics(uids["metrics"])
    if "metrics" in uids and traces.makes("service-graphs"):
        links["serviceMap"] = {"datasourceUid": uids["metrics"]}
    if "logs" in uids:
        links["tracesToLogsV2"] = _to_logs(uids["logs"])
    if "profiles" in uids:
        links["tracesToProfiles"] = _to_profiles(uids["profiles"])
    return DatasourceSettings("tempo", links)


def _to_metrics(uid: str) -> dict[str, Any]:
    return {
        "datasourceUid": uid,
        "spanStartTimeShift": "-2m",
        "spanEndTimeShift": "2m",
        "tags": [{"key": "service.name", "value": "service"}],
        "queries": [
            {"name": "Request rate", "query": _SPAN_RATE},
            {"name": "Latency, 95th percentile", "query": _SPAN_LATENCY},
        ],
    }


def _to_logs(uid: str) -> dict[str, Any]:
    return {
        "datasourceUid": uid,
        "spanStartTimeShift": "-5m",
        "spanEndTimeShift": "5m",
        "tags": [{"key": "service.name", "value": "service_name"}],
        "customQuery": True,
        "query": _LINES_OF_TRACE,
    }


def _to_profiles(uid: str) -> dict[str, Any]:
    return {
        "datasourceUid": uid,
        "tags": [{"key": "service.name", "value": "service_name"}],
        "profileTypeId": _CPU_PROFILE,
    }
