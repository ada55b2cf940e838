"""Sizes of Mimir's roles for a kind of load."""

from telemetry.config.presets import DISTRIBUTOR, INGESTER, QUERIER, QUERY_FRONTEND, Presets

PRESETS: Presets = {
    "high-ingest": {"distributor": DISTRIBUTOR, "ingester": INGESTER},
    "high-query": {
        "querier": QUERIER,
        "query-frontend": QUERY_FRONTEND,
        # Its index cache is a quarter of its memory, and spares queries the bucket.
        "store-gateway": {"replicas": 3, "cpu": "240m", "memory": "1Gi", "limit": "4Gi", "volume": "10Gi"},
    },
}
