"""Loki in Grafana, and what leads from a line to its trace."""

from telemetry.backends.loki.context import LokiContext
from telemetry.spec.datasource import DatasourceSettings, Uids

_TRACE_ID_METADATA = "trace_id"
"""The structured metadata in which a line that came over OTLP has the trace's id."""
_TRACE_ID_IN_A_LINE = r'[tT]race_?[iI][dD]"?[=:]\s*"?([0-9a-f]{16,32})'


def datasource(_: LokiContext, uids: Uids) -> DatasourceSettings:
    """Return Loki's datasource."""
    return datasource_anywhere(uids)


def datasource_anywhere(uids: Uids) -> DatasourceSettings:
    """Return the datasource of any Loki: the trace's id is structured metadata of a line, else a part of its text."""
    if "traces" not in uids:
        return DatasourceSettings("loki", {})
    trace = {"name": "Trace", "datasourceUid": uids["traces"], "url": "${__value.raw}"}
    fields = [
        {**trace, "matcherType": "label", "matcherRegex": _TRACE_ID_METADATA},
        {**trace, "name": "Trace in the line", "matcherRegex": _TRACE_ID_IN_A_LINE},
    ]
    return DatasourceSettings("loki", {"derivedFields": fields})
