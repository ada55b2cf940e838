"""A value for every limit of Mimir that has a setting, and one for every other that it has: none is its default."""

from typing import Any

from telemetry.backends.mimir.limits import KNOWN, RETENTION, WORDS

METRICS: dict[str, Any] = {
    "ingestion_rate": 11_000,
    "burst": 210_000,
    "max_series": 160_000,
    "max_series_per_metric": 5_000,
    "max_labels": 45,
    "max_label_name_length": 500,
    "max_label_value_length": 1_500,
    "max_exemplars": 5_000,
    "out_of_order_window": "2h",
    "native_histograms": False,
    "max_native_histogram_buckets": 160,
    "promoted_otlp_attributes": ["k8s.namespace.name", "deployment.environment"],
    "ha_tracker": True,
    "ha_cluster_label": "prometheus",
    "ha_replica_label": "prometheus_replica",
    "ha_max_clusters": 5,
    "max_query_length": "9d",
    "max_query_lookback": "20d",
    "max_query_parallelism": 9,
    "max_query_series": 50_000,
    "max_query_chunks": 1_000_000,
    "max_query_chunk_size": "1Gi",
    "max_query_memory": "512Mi",
}
"""All that have a setting."""
_ELSEWHERE = {
    RETENTION,
    "alertmanager_receivers_firewall_block_cidr_networks",
    "alertmanager_receivers_firewall_block_private_addresses",
}
"""What other settings say."""
_OF_KIND: dict[str, Any] = {"int": 7, "float": 7.5, "boolean": True, "duration": "90m", "string": "a"}
_CHOSEN: dict[str, Any] = {
    "active_series_additional_custom_trackers": {"ours": '{team="ours"}'},
    "active_series_custom_trackers": {"theirs": '{team="theirs"}'},
    "alertmanager_notification_rate_limit_per_integration": {"email": 7.5},
    "blocked_queries": [{"pattern": "up"}],
    "blocked_requests": [{"path": "/api/v1/series"}],
    "cost_attribution_labels_structured": [{"input": "team"}],
    "drop_labels": ["replica"],
    "enabled_promql_experimental_functions": "info",
    "enabled_promql_extended_range_selectors": "smoothed",
    "ha_tracker_failover_timeout": "9h",
    "ingest_storage_read_consistency": "strong",
    "label_value_length_over_limit_strategy": "truncate",
    "limited_queries": [{"query": "up", "allowed_frequency": "1m30s"}],
    "metric_relabel_configs": [{"action": "labeldrop", "regex": "replica"}],
    "name_validation_scheme": "utf8",
    "otel_translation_strategy": "NoUTF8EscapingWithSuffixes",
    "query_ingesters_within": "20h",
    "ruler_alertmanager_client_config": {"tls_min_version": "VersionTLS13"},
    "ruler_max_rule_groups_per_tenant_by_namespace": {"ours": 7},
    "ruler_max_rules_per_rule_group_by_namespace": {"ours": 7},
    "s3_sse_kms_encryption_context": '{"a": "b"}',
    "s3_sse_type": "SSE-S3",
}
"""Of those that do not take whatever is of their kind, or not beside the others, one that Mimir takes."""
OTHERS: dict[str, Any] = {
    name: _CHOSEN[name] if name in _CHOSEN else _OF_KIND[kind]
    for name, kind in KNOWN.kinds.items()
    if name not in {*(limit.name for limit in WORDS.values()), *_ELSEWHERE}
}
"""All that have none."""
