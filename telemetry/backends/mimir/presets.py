"""Sizes of Mimir's roles for a kind of load."""

from telemetry.config.presets import DISTRIBUTOR, INGESTER, QUERIER, QUERY_FRONTEND, STORE_GATEWAY, Presets

PRESETS: Presets = {
    "high-ingest": {"distributor": DISTRIBUTOR, "ingester": INGESTER},
    "high-query": {
        "querier": QUERIER,
        "query-frontend": QUERY_FRONTEND,
        # Its index cache is a quarter of its memory, and spares queries the bucket.
        "store-gateway": STORE_GATEWAY,
    },
}
