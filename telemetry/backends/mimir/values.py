"""Values of the chart `mimir-distributed` 6.1: Grafana Mimir in classic architecture."""

from collections.abc import Iterator
from typing import Any

from telemetry.backends.mimir import cluster
from telemetry.backends.mimir.context import MimirContext
from telemetry.backends.mimir.limits import RETENTION, limits_of
from telemetry.backends.mimir.receivers import receivers_firewall
from telemetry.config.gateway import NGINX_TAG
from telemetry.config.images import NGINX, Image
from telemetry.config.placement import Placement
from telemetry.config.quantities import bytes_text, duration_text
from telemetry.config.roles import Role
from telemetry.spec.alertmanager import configuration, mount, volume
from telemetry.spec.values.common import Values, absolute_name, credentials_from, merged, named, pod_security, resources
from telemetry.spec.values.images import joined, with_tag
from telemetry.spec.values.limits import overrides, shared
from telemetry.spec.values.placement import ROLLING, pod_of, pod_placement, spread
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

READS_BUCKETS = ("alertmanager", "compactor", "ingester", "querier", "ruler", "store-gateway")
"""Only these are given the S3 credentials; `global.extraEnvFrom` would hand them to nginx as well."""

_HAS_ZONES = ("alertmanager", "ingester", "store-gateway")
_STATEFUL = (*_HAS_ZONES, "compactor")

RELEASE = "mimir"
"""Mimir's release."""
SECRET = "mimir-s3"  # noqa: S105 - a Secret's name
"""The Secret with its S3 credentials."""
SERVICE_ACCOUNT = "mimir-pods"
"""The account of Mimir's pods, which `components.mimir` makes: the chart's own would be given a token, and no key of
the chart forbids it. Another name than the chart's, which goes with the first upgrade of a release that has it."""

_IMAGE = Image("docker.io", "grafana/mimir")
_READY_AFTER_SECONDS = 15
"""How long a new pod is not asked whether it is ready: what Mimir's own deployment has, and an ingester takes at least.
The chart waits 45 s or 60 s, so that a rollout of three ingesters takes minutes longer than they need.
https://github.com/grafana/mimir/blob/main/operations/mimir/common.libsonnet"""
_EXEMPLARS = 100_000
"""Exemplars kept per tenant. Mimir's default of 0 drops them, and the datasource's link to traces with them."""


def values(context: MimirContext) -> Values:
    """Return the chart's values."""
    rendered: Values = {
        **_switched_off(),
        **{_key(name): _role(name, role, context) for name, role in deployed_roles(context).items()},
        "global": _dns(context),
        **named("image", joined(context.images, _IMAGE) | named("pullSecrets", context.images.pull_secrets)),
        "rbac": {"create": False, "podSecurityContext": pod_security(context.kubernetes.platform)},
        "serviceAccount": {"create": False, "name": SERVICE_ACCOUNT},
        "mimir": {"structuredConfig": _config(context)},
        **named("runtimeConfig", named("overrides", _overrides(context))),
    }
    return merged(rendered, _metadata(context))


def _overrides(context: MimirContext) -> dict[str, Values]:
    """Return tenants' limits, which Mimir reads again while it runs."""
    limits = overrides(context.tenants, limits_of, retention=RETENTION)
    return cluster.of_tenants(limits, context.kubernetes.cluster)


def _metadata(context: MimirContext) -> Values:
    """Return labels and annotations: of pods, Services and, annotations alone, of what has the pods.

    The chart takes none for the rest, and labels of claims never change.
    """
    labels, annotations = context.labels, context.annotations
    of_services = {**named("labels", labels.objects), **named("annotations", annotations.objects)}
    of_role = {**named("annotations", annotations.objects), **named("service", of_services)}
    of_pods = {**named("podLabels", labels.of_pods), **named("podAnnotations", annotations.of_pods)}
    gossip = named("service", named("annotations", annotations.objects))
    return {
        **({_key(name): of_role for name in deployed_roles(context)} if of_role else {}),
        **named("global", of_pods),
        **named("gossip_ring", gossip),
    }


def images(context: MimirContext) -> Iterator[Image]:
    """Yield the images of its pods."""
    yield _IMAGE
    if "gateway" in deployed_roles(context):
        yield NGINX


def deployed_roles(context: MimirContext) -> dict[str, Role]:
    """Return the roles that are deployed: where our gateway is on, the chart's is off."""
    return {name: role for name, role in context.settings.roles.items() if context.gateway is None or name != "gateway"}


def _switched_off() -> Values:
    """Return switches for what the chart turns on by default: a demo object store, Kafka and cluster-wide webhooks.

    The optional role and the chart's gateway are off as well unless they are among the roles.
    """
    extras = ("minio", "kafka", "rollout_operator", "overrides_exporter", "gateway")
    return {name: {"enabled": False} for name in extras}


def _key(role_name: str) -> str:
    return role_name.replace("-", "_")


def _role(name: str, role: Role, context: MimirContext) -> Values:
    placement = context.settings.placement.of(role.placement)
    values: Values = {
        # An autoscaler of ours sets the replicas; a number here would set them back with every `up`.
        "replicas": None if role.autoscaling else role.replicas,
        "resources": resources(role),
        "readinessProbe": {"initialDelaySeconds": _READY_AFTER_SECONDS},
        **pod_placement(context, placement),
        **named("podAnnotations", _pod_annotations(name, context)),
    }
    if role.max_replicas > 1:
        values["topologySpreadConstraints"] = spread(
            placement, nodes=context.kubernetes.nodes, replicas=role.max_replicas
        )
    if role.max_replicas > 1 and name not in _STATEFUL:
        values["strategy"] = ROLLING
    if name in _STATEFUL:
        values["persistentVolume"] = _volume(role, placement)
    if name in READS_BUCKETS:
        values |= credentials_from(context.s3_secret, variables="env")
    if name in _HAS_ZONES:
        values["zoneAwareReplication"] = {"enabled": False}
    if name == "gateway":
        values["nginx"] = {"image": {"tag": NGINX_TAG, **with_tag(context.images, NGINX)}}  # the chart's tag moves
    if name == "alertmanager" and context.alerting is not None:
        # For every tenant that has none of its own. The chart restarts the pods when it changes.
        values["fallbackConfig"] = configuration(context.alerting, context.monitoring.severities)
    if name in ("gateway", "overrides-exporter"):
        values["enabled"] = True  # the gateway's stated, because the last 5.x charts had it off
    if name == "ruler":
        # The chart passes a ballast of 1 GiB, which lets the heap of a 128Mi pod grow to 2 GiB before it is collected.
        values["extraArgs"] = {"mem-ballast-size-bytes": 0}
    return merged(merged(values, _files(name, context)), pod_of(context.settings.placement, role))


def _pod_annotations(name: str, context: MimirContext) -> dict[str, Any]:
    """Return what a role's pods have beside those of all; the chart's nginx has no metrics."""
    keyed = UNKNOWN_KEY if name in READS_BUCKETS else {}
    return {**keyed, **(context.scrape_annotations if name != "gateway" else {})}


def _files(name: str, context: MimirContext) -> Values:
    """Return the certificates and credentials that a role's pods mount, and how they are probed if they serve TLS."""
    wanted, paths = volumes(context), mounts(context)
    if name == "alertmanager" and context.alerting is not None and (secrets := volume(context.alerting)):
        wanted, paths = [*wanted, secrets], [*paths, mount()]
    if not wanted or name == "gateway":
        return {}
    probed = ("readinessProbe", "livenessProbe") if name == "overrides-exporter" else ("readinessProbe",)
    probes = dict.fromkeys(probed, HTTPS_PROBE) if serves_tls(context) else {}
    return {"extraVolumes": wanted, "extraVolumeMounts": paths, **probes}


def _volume(role: Role, placement: Placement) -> Values:
    if role.volume is None:
        return {"enabled": False}
    storage_class = {"storageClass": placement.storage_class} if placement.storage_class else {}
    return {"size": bytes_text(role.volume), **storage_class}


def _dns(context: MimirContext) -> Values:
    """Return where nginx finds a resolver; it crash-loops if the Service is absent (grafana/mimir#4222)."""
    dns = context.kubernetes.dns
    return {
        "clusterDomain": f"{context.kubernetes.cluster_domain}.",
        "dnsService": dns.name,
        "dnsNamespace": dns.namespace,
    }


def _config(context: MimirContext) -> Values:
    """Return Mimir's own configuration, merged by the chart over its defaults."""
    buckets, roles = context.buckets, context.settings.roles
    return {
        **merged(_classic_architecture(replication=_ring(context, "ingester")), _ha_tracker(context)),
        "multitenancy_enabled": bool(context.tenants),
        **({"tenant_federation": {"enabled": True}} if context.tenants else {}),
        **_tls(context),
        "usage_stats": {"enabled": False},
        "common": {"storage": {"backend": "s3", "s3": _s3(context)}},
        "blocks_storage": {
            "s3": {"bucket_name": buckets["blocks"]},
            "bucket_store": {"index_cache": _index_cache(roles["store-gateway"])},
            # Nothing waits on a volume while its ingester is gone (R25).
            "tsdb": {"flush_blocks_on_shutdown": True},
        },
        "ruler_storage": {"s3": {"bucket_name": buckets["ruler"]}},
        "alertmanager_storage": {"s3": {"bucket_name": buckets["alertmanager"]}},
        "store_gateway": {"sharding_ring": _ring(context, "store-gateway")},
        "alertmanager": {"sharding_ring": _ring(context, "alertmanager")},
        "limits": {
            "max_global_exemplars_per_user": _EXEMPLARS,
            "cardinality_analysis_enabled": True,  # the gateway offers it; off, it answers 500
            **cluster.of_all(shared(context.limits, limits_of), context.kubernetes.cluster),
            RETENTION: duration_text(context.settings.retention),
            **receivers_firewall(context.security),
        },
    }


def _tls(context: MimirContext) -> Values:
    """Return TLS on the HTTP port, and for the one client that speaks to it: the ruler, to the alertmanager."""
    if not serves_tls(context):
        return {}
    address = f"_http-metrics._tcp.{absolute_name(context, f'{RELEASE}-alertmanager-headless')}"
    return {
        "server": http_server(context),
        "ruler": {
            "alertmanager_url": f"dnssrvnoa+https://{address}/alertmanager",
            "alertmanager_client": {"tls_enabled": True, **client(context)},
        },
    }


def _ring(context: MimirContext, role: str) -> Values:
    """Return a ring's replication: the ingesters' factor, or as much of it as the role has replicas."""
    return {"replication_factor": min(context.settings.replication_factor, context.settings.roles[role].replicas)}


def _classic_architecture(replication: Values) -> Values:
    """Return the keys that undo the chart's Kafka defaults.

    `kafka.enabled: false` removes the broker only; without these three every write fails (sources.md, Mimir 2).
    """
    return {
        "ingest_storage": {"enabled": False},
        "ingester": {"push_grpc_method_enabled": True, "ring": replication},
        "distributor": {"remote_timeout": "2s"},
    }


def _ha_tracker(context: MimirContext) -> Values:
    """Return the tracker of Prometheus replicas, if there is anybody whose samples come from several."""
    granted = [tenant.limits for tenant in context.tenants.values()]
    granted += [context.limits] if context.limits else []
    if not any(limits.ha_tracker for limits in granted):
        return {}
    return {"distributor": {"ha_tracker": {"enable_ha_tracker": True, "kvstore": {"store": "memberlist"}}}}


def _index_cache(store_gateway: Role) -> Values:
    """Return an index cache of a quarter of the memory request.

    The chart holds the Go runtime to the *request*; Mimir's default cache of 1 GiB would leave it collecting garbage.
    """
    return {"inmemory": {"max_size_bytes": store_gateway.memory // 4}}


def _s3(context: MimirContext) -> Values:
    """Return Mimir's way to its buckets; without keys, because its S3 client finds them in the environment.

    `${…}` here would be put into YAML as it is, where some keys are a comment, null or no YAML at all.
    """
    store = context.object_store
    authority = store_authority(context)
    return {
        "endpoint": store.address,
        "region": store.region,
        "insecure": store.insecure,
        "bucket_lookup_type": "path",
        **({"http": {"tls_ca_path": authority}} if authority else {}),
    }
