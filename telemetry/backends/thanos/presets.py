"""Sizes of Thanos' roles for a kind of load: what is pushed goes by Receive, and scraping is Prometheus' own."""

from telemetry.config.presets import DISTRIBUTOR, INGESTER, QUERIER, STORE_GATEWAY, Presets

PRESETS: Presets = {
    "high-ingest": {"receive-router": DISTRIBUTOR, "receive-ingestor": INGESTER},
    "high-query": {"query": QUERIER, "store-gateway": STORE_GATEWAY},
}
