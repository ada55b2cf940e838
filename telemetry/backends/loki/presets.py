"""Sizes of Loki's roles for a kind of load: its writers hold the ingester, its readers the querier."""

from telemetry.config.presets import INGESTER, QUERIER, Presets

PRESETS: Presets = {"high-ingest": {"write": INGESTER}, "high-query": {"read": QUERIER}}
