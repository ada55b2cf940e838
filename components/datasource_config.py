"""The uids of the Grafana datasources and the links between them: pure functions, the one place that names a uid.

A datasource's uid is what dashboards and links refer to, and changing it replaces the datasource (anchors.md B4), so
it is a constant of signal and environment. A name is not a uid: `Mimir` does not find `mimir`.
"""

import json
from typing import Any

_BACKENDS = {"traces": "tempo", "metrics": "mimir"}
_TRACE_ID_LABEL = "traceID"
"""The exemplar label under which Tempo's metrics-generator stores trace ids."""

_SPAN_RATE = "sum by (span_name) (rate(traces_spanmetrics_calls_total{$__tags}[5m]))"
_SPAN_LATENCY = "histogram_quantile(0.95, sum by (le) (rate(traces_spanmetrics_latency_bucket{$__tags}[5m])))"


def uid(signal: str, environment: str) -> str:
    """Return the uid of a signal's datasource: `tempo-dev`, `mimir-prod` and so on."""
    return f"{_BACKENDS[signal]}-{environment}"


def display_name(signal: str, environment: str) -> str:
    """Return its name in Grafana: `Tempo (dev)`, `Mimir (prod)` and so on (seed 000, 'Grafana Datasources')."""
    return f"{_BACKENDS[signal].capitalize()} ({environment})"


def tempo_json(environment: str, *, service_map: bool) -> str:
    """Return Tempo's JSON settings: links to metrics, and the service map if its metrics exist."""
    mimir = uid("metrics", environment)
    links: dict[str, Any] = {
        "tracesToMetrics": {
            "datasourceUid": mimir,
            "spanStartTimeShift": "-2m",
            "spanEndTimeShift": "2m",
            "tags": [{"key": "service.name", "value": "service"}],
            "queries": [
                {"name": "Request rate", "query": _SPAN_RATE},
                {"name": "Latency, 95th percentile", "query": _SPAN_LATENCY},
            ],
        },
        "nodeGraph": {"enabled": True},
    }
    if service_map:
        links["serviceMap"] = {"datasourceUid": mimir}
    return json.dumps(links, sort_keys=True)


def mimir_json(environment: str) -> str:
    """Return Mimir's JSON settings: its dialect, and exemplars that lead to traces."""
    return json.dumps(
        {
            "prometheusType": "Mimir",
            "httpMethod": "POST",
            "exemplarTraceIdDestinations": [{"name": _TRACE_ID_LABEL, "datasourceUid": uid("traces", environment)}],
        },
        sort_keys=True,
    )
