"""Values of the chart `mimir-distributed` 6.1: Grafana Mimir in classic architecture (charts.md 3)."""

from telemetry.backends.mimir.receivers import receivers_firewall
from telemetry.config.gateway import NGINX_TAG
from telemetry.config.placement import Placement
from telemetry.config.quantities import bytes_text, duration_text
from telemetry.config.roles import Role
from telemetry.spec.values.common import Values, absolute_name, credentials_from, pod_security, resources
from telemetry.spec.values.placement import ROLLING, pod_placement, spread
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.transport import (
    HTTPS_PROBE,
    client,
    http_server,
    mounts,
    serves_tls,
    store_authority,
    volumes,
)
from telemetry.stack import Stack
from telemetry.stack.overrides import mimir_limits, mimir_overrides

READS_BUCKETS = ("alertmanager", "compactor", "ingester", "querier", "ruler", "store-gateway")
"""Only these are given the S3 credentials; `global.extraEnvFrom` would hand them to nginx as well."""

_HAS_ZONES = ("alertmanager", "ingester", "store-gateway")
_STATEFUL = (*_HAS_ZONES, "compactor")

RELEASE = "mimir"
"""Mimir's release."""
SERVICE_ACCOUNT = "mimir-pods"
"""The account of Mimir's pods, which `components.mimir` makes: the chart's own would be given a token, and no key of
the chart forbids it. Another name than the chart's, which goes with the first upgrade of a release that has it."""

_EXEMPLARS = 100_000
"""Exemplars kept per tenant. Mimir's default of 0 drops them, and the datasource's link to traces with them."""


def values(stack: Stack, *, secret_name: str) -> Values:
    """Return the chart's values; `secret_name` is the Secret with the S3 credentials."""
    return {
        **_switched_off(),
        **{_key(name): _role(name, role, stack, secret_name) for name, role in stack.metrics_roles.items()},
        "global": _dns(stack),
        "rbac": {"create": False, "podSecurityContext": pod_security(stack.kubernetes.platform)},
        "serviceAccount": {"create": False, "name": SERVICE_ACCOUNT},
        "mimir": {"structuredConfig": _config(stack)},
        **({"runtimeConfig": {"overrides": mimir_overrides(stack)}} if stack.tenants else {}),
    }


def _switched_off() -> Values:
    """Return switches for what the chart turns on by default: a demo object store, Kafka and cluster-wide webhooks.

    The optional role and the chart's gateway are off as well unless they are among the roles.
    """
    extras = ("minio", "kafka", "rollout_operator", "overrides_exporter", "gateway")
    return {name: {"enabled": False} for name in extras}


def _key(role_name: str) -> str:
    return role_name.replace("-", "_")


def _role(name: str, role: Role, stack: Stack, secret_name: str) -> Values:
    placement = stack.metrics.placement
    values: Values = {
        # An autoscaler of ours sets the replicas; a number here would set them back with every `up`.
        "replicas": None if role.autoscaling else role.replicas,
        "resources": resources(role),
        **pod_placement(placement),
    }
    if role.max_replicas > 1:
        values["topologySpreadConstraints"] = spread(
            placement, nodes=stack.kubernetes.nodes, replicas=role.max_replicas
        )
    if role.max_replicas > 1 and name not in _STATEFUL:
        values["strategy"] = ROLLING
    if name in _STATEFUL:
        values["persistentVolume"] = _volume(role, placement)
    if name in READS_BUCKETS:
        values |= {"extraEnvFrom": credentials_from(secret_name), "podAnnotations": UNKNOWN_KEY}
    if name in _HAS_ZONES:
        values["zoneAwareReplication"] = {"enabled": False}
    if name == "gateway":
        values["nginx"] = {"image": {"tag": NGINX_TAG}}  # the chart's own tag moves
    if name in ("gateway", "overrides-exporter"):
        values["enabled"] = True  # the gateway's stated, because the last 5.x charts had it off
    if name == "ruler":
        # The chart passes a ballast of 1 GiB, which lets the heap of a 128Mi pod grow to 2 GiB before it is collected.
        values["extraArgs"] = {"mem-ballast-size-bytes": 0}
    return {**values, **_files(name, stack)}


def _files(name: str, stack: Stack) -> Values:
    """Return the certificates that a role's pods mount, and how they are probed where they serve TLS."""
    wanted = volumes(stack)
    if not wanted or name == "gateway":
        return {}
    probed = ("readinessProbe", "livenessProbe") if name == "overrides-exporter" else ("readinessProbe",)
    probes = dict.fromkeys(probed, HTTPS_PROBE) if serves_tls(stack) else {}
    return {"extraVolumes": wanted, "extraVolumeMounts": mounts(stack), **probes}


def _volume(role: Role, placement: Placement) -> Values:
    if role.volume is None:
        return {"enabled": False}
    storage_class = {"storageClass": placement.storage_class} if placement.storage_class else {}
    return {"size": bytes_text(role.volume), **storage_class}


def _dns(stack: Stack) -> Values:
    """Return where nginx finds a resolver; it crash-loops if the Service is absent (grafana/mimir#4222)."""
    dns = stack.kubernetes.dns
    return {
        "clusterDomain": f"{stack.kubernetes.cluster_domain}.",
        "dnsService": dns.name,
        "dnsNamespace": dns.namespace,
    }


def _config(stack: Stack) -> Values:
    """Return Mimir's own configuration, merged by the chart over its defaults."""
    buckets, roles = stack.metrics_buckets, stack.metrics.roles
    return {
        **_classic_architecture(replication=_ring(stack, "ingester")),
        "multitenancy_enabled": bool(stack.tenants),
        **({"tenant_federation": {"enabled": True}} if stack.tenants else {}),
        **_tls(stack),
        "usage_stats": {"enabled": False},
        "common": {"storage": {"backend": "s3", "s3": _s3(stack)}},
        "blocks_storage": {
            "s3": {"bucket_name": buckets["blocks"]},
            "bucket_store": {"index_cache": _index_cache(roles["store-gateway"])},
            # Nothing waits on a volume while its ingester is gone (seed 000: 'flushed … on graceful shutdown').
            "tsdb": {"flush_blocks_on_shutdown": True},
        },
        "ruler_storage": {"s3": {"bucket_name": buckets["ruler"]}},
        "alertmanager_storage": {"s3": {"bucket_name": buckets["alertmanager"]}},
        "store_gateway": {"sharding_ring": _ring(stack, "store-gateway")},
        "alertmanager": {"sharding_ring": _ring(stack, "alertmanager")},
        "limits": {
            **mimir_limits(stack),
            "compactor_blocks_retention_period": duration_text(stack.metrics.retention),
            "max_global_exemplars_per_user": _EXEMPLARS,
            "cardinality_analysis_enabled": True,  # the gateway offers it; off, it answers 500
            **receivers_firewall(stack.security),
        },
    }


def _tls(stack: Stack) -> Values:
    """Return TLS on the HTTP port, and for the one client that speaks to it: the ruler, to the alertmanager."""
    if not serves_tls(stack):
        return {}
    address = f"_http-metrics._tcp.{absolute_name(stack, f'{RELEASE}-alertmanager-headless')}"
    return {
        "server": http_server(stack),
        "ruler": {
            "alertmanager_url": f"dnssrvnoa+https://{address}/alertmanager",
            "alertmanager_client": {"tls_enabled": True, **client(stack)},
        },
    }


def _ring(stack: Stack, role: str) -> Values:
    """Return a ring's replication: the ingesters' factor, or as much of it as the role has replicas."""
    return {"replication_factor": min(stack.metrics.replication_factor, stack.metrics.roles[role].replicas)}


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
    """Return Mimir's way to its buckets; without keys, because its S3 client finds them in the environment.

    `${…}` here would be put into YAML as it is, where some keys are a comment, null or no YAML at all.
    """
    store = stack.object_store
    authority = store_authority(stack)
    return {
        "endpoint": store.address,
        "region": store.region,
        "insecure": store.insecure,
        "bucket_lookup_type": "path",
        **({"http": {"tls_ca_path": authority}} if authority else {}),
    }
