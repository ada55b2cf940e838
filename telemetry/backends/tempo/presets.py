"""Sizes of Tempo's roles for a kind of load."""

from telemetry.config.presets import DISTRIBUTOR, INGESTER, QUERIER, QUERY_FRONTEND, Presets

PRESETS: Presets = {
    "high-ingest": {"distributor": DISTRIBUTOR, "ingester": INGESTER},
    "high-query": {"querier": QUERIER, "query-frontend": QUERY_FRONTEND},
}
