"""Values of the chart `mimir-distributed` 6.1: Grafana Mimir in classic architecture (charts.md 3)."""

from helm.common import (
    ACCESS_KEY_ENV,
    SECRET_KEY_ENV,
    Values,
    credentials_from,
    pod_security,
    resources,
)
from settings import Stack
from settings.quantities import bytes_text, duration_text
from settings.roles import Role

_READS_BUCKETS = ("alertmanager", "compactor", "ingester", "querier", "ruler", "store-gateway")
"""Only these are given the S3 credentials; `global.extraEnvFrom` would hand them to nginx as well."""

_HAS_ZONES = ("alertmanager", "ingester", "store-gateway")

_EXEMPLARS = 100_000
"""Exemplars kept per tenant. Mimir's default of 0 drops them, and the datasource's link to traces with them."""


def values(stack: Stack, *, secret_name: str) -> Values:
    """Return the chart's values; `secret_name` is the Secret with the S3 credentials."""
    return {
        **_switched_off(),
        **{_key(name): _role(name, role, secret_name) for name, role in stack.metrics.roles.items()},
        "global": _dns(stack.kubernetes.platform),
        "rbac": {"create": False, "podSecurityContext": pod_security(stack.kubernetes.platform)},
        "mimir": {"structuredConfig": _config(stack)},
    }


def _switched_off() -> Values:
    """Return switches for what the chart turns on by default: a demo object store, Kafka and cluster-wide webhooks."""
    return {name: {"enabled": False} for name in ("minio", "kafka", "rollout_operator", "overrides_exporter")}


def _key(role_name: str) -> str:
    return role_name.replace("-", "_")


def _role(name: str, role: Role, secret_name: str) -> Values:
    values: Values = {"replicas": role.replicas, "resources": resources(role)}
    if role.volume is not None:
        values["persistentVolume"] = {"size": bytes_text(role.volume)}
    if name in _READS_BUCKETS:
        values["extraEnvFrom"] = credentials_from(secret_name)
    if name in _HAS_ZONES:
        values["zoneAwareReplication"] = {"enabled": False}
    if name == "gateway":
        values["enabled"] = True  # stated, because the last 5.x charts had it off
    if name == "ruler":
        # The chart passes a ballast of 1 GiB, which lets the heap of a 128Mi pod grow to 2 GiB before it is collected.
        values["extraArgs"] = {"mem-ballast-size-bytes": 0}
    return values


def _dns(platform: str) -> Values:
    """Return where nginx finds a resolver; it crash-loops if the Service is absent (grafana/mimir#4222)."""
    if platform == "openshift":
        return {"dnsService": "dns-default", "dnsNamespace": "openshift-dns"}
    return {}


def _config(stack: Stack) -> Values:
    """Return Mimir's own configuration, merged by the chart over its defaults."""
    buckets = stack.metrics_buckets
    ring = {"replication_factor": stack.metrics.replication_factor}
    return {
        **_classic_architecture(replication=ring),
        "multitenancy_enabled": False,
        "usage_stats": {"enabled": False},
        "common": {"storage": {"backend": "s3", "s3": _s3(stack)}},
        "blocks_storage": {
            "s3": {"bucket_name": buckets["blocks"]},
            "bucket_store": {"index_cache": _index_cache(stack.metrics.roles["store-gateway"])},
        },
        "ruler_storage": {"s3": {"bucket_name": buckets["ruler"]}},
        "alertmanager_storage": {"s3": {"bucket_name": buckets["alertmanager"]}},
        "store_gateway": {"sharding_ring": ring},
        "alertmanager": {"sharding_ring": ring},
        "limits": {
            "compactor_blocks_retention_period": duration_text(stack.metrics.retention),
            "max_global_exemplars_per_user": _EXEMPLARS,
        },
    }


def _classic_architecture(replication: Values) -> Values:
    """Return the keys that undo the chart's Kafka defaults.

    `kafka.enabled: false` removes the broker only; without these three every write fails (charts.md 0.3).
    """
    return {
        "ingest_storage": {"enabled": False},
        "ingester": {"push_grpc_method_enabled": True, "ring": replication},
        "distributor": {"remote_timeout": "2s"},
    }


def _index_cache(store_gateway: Role) -> Values:
    """Return an index cache of a quarter of the memory request.

    The chart holds the Go runtime to the *request*; Mimir's default cache of 1 GiB would leave it collecting garbage.
    """
    return {"inmemory": {"max_size_bytes": store_gateway.memory // 4}}


def _s3(stack: Stack) -> Values:
    store = stack.object_store
    return {
        "endpoint": store.address,
        "region": store.region,
        "insecure": store.insecure,
        "bucket_lookup_type": "path",
        # Expanded by Mimir from its environment: the secret itself is in no value and no ConfigMap.
        "access_key_id": f"${{{ACCESS_KEY_ENV}}}",
        "secret_access_key": f"${{{SECRET_KEY_ENV}}}",
    }
