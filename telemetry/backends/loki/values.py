"""Values of the chart `loki` 18.11.0: Grafana Loki 3.7 as a single binary, or as read, write and backend.

What the chart does by itself and is therefore not set: containers are read-only and restricted; every role of two or
more replicas has a disruption budget of one pod; Deployments roll without a surge; the ring is by gossip.
"""

from telemetry.backends.loki.context import LokiContext
from telemetry.backends.loki.limits import RETENTION, limits_of
from telemetry.backends.loki.settings import Logs
from telemetry.config.images import Image
from telemetry.config.placement import Placement
from telemetry.config.quantities import bytes_text, duration_text
from telemetry.config.roles import Role
from telemetry.spec.scaling import custom_metrics
from telemetry.spec.values.affinity import REQUIRED
from telemetry.spec.values.common import Values, credentials_from, merged, named, pod_security, resources
from telemetry.spec.values.images import pull_secrets, with_digest
from telemetry.spec.values.limits import overrides, shared
from telemetry.spec.values.placement import pod_of, pod_placement, spread
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.transport import http_server, mounts, serves_tls, store_authority, volumes

RELEASE = "loki"
"""Loki's release, and what its single binary's objects are called."""
SECRET = "loki-s3"  # noqa: S105 - a Secret's name
"""The Secret with its S3 credentials."""
SINGLE = "single-binary"
"""The chart's component of a single binary."""

IMAGE = Image("docker.io", "grafana/loki")
_MODES = {"monolithic": "Monolithic", "distributed": "SimpleScalable"}
_SECTIONS = {"all": "singleBinary", "read": "read", "write": "write", "backend": "backend"}
"""Sections of the values by role."""
_CACHE_PART = 8
"""Which part of the memory request each of Loki's two embedded caches may have."""
_MIB = 2**20
_GRACE_SECONDS = 300
"""What the chart gives the write role to flush in, and not the single binary (30), which is one too."""


def service(topology: str, role: str, *, headless: bool = False) -> str:
    """Return the chart's Service of a role; a single binary plays them all."""
    name = RELEASE if topology == "monolithic" else f"{RELEASE}-{role}"
    return f"{name}-headless" if headless else name


def values(context: LokiContext) -> Values:
    """Return the chart's values."""
    logs = context.settings
    rendered: Values = {
        **_switched_off(),
        "global": {"clusterDomain": f"{context.kubernetes.cluster_domain}."},  # with a dot: without, names are searched
        **named("imagePullSecrets", pull_secrets(context.images)),
        "deploymentMode": _MODES[logs.topology],
        **_roles(context, logs),
        "defaults": {
            **pod_placement(context, logs.placement),
            "automountServiceAccountToken": False,
            "podAnnotations": UNKNOWN_KEY,
            **credentials_from(context.s3_secret),
            # Without it the Services send requests to pods that are not ready.
            "service": {"publishNotReadyAddresses": False},
            **_files(context),
        },
        "serviceAccount": {"automountServiceAccountToken": False},
        "rbac": {"namespaced": True},  # else the chart makes a ClusterRole, with no rules in it
        "loki": {**_config(context, logs), **_pods(context)},
    }
    return merged(rendered, _metadata(context))


def _metadata(context: LokiContext) -> Values:
    """Return labels and annotations. Common labels are on pods too, which are not to have them twice."""
    labels, annotations = context.labels, named("annotations", context.annotations.objects)
    pod_annotations = context.annotations.of_pods | context.scrape_annotations
    of_pods = named("podLabels", labels.pods) | named("podAnnotations", pod_annotations)
    return {
        **named("commonLabels", labels.objects),
        **named("defaults", {**annotations, **named("service", annotations), **of_pods}),
        **named("serviceAccount", annotations),
        **named("memberlist", named("service", annotations)),
    }


def _switched_off() -> Values:
    """Return switches for what the chart turns on by default beside Loki.

    Its gateway, where ours is; caches of 8Gi and 1Gi; a canary on every node and the test that asks it; and a sidecar
    that reads every ConfigMap and Secret of the namespace.
    """
    extras = ("gateway", "chunksCache", "resultsCache", "lokiCanary", "test", "minio", "rollout_operator")
    return {**{name: {"enabled": False} for name in extras}, "sidecar": {"rules": {"enabled": False}}}


def _roles(context: LokiContext, logs: Logs) -> Values:
    """Return the sections of all roles: the chart refuses replicas of those that its mode does not have."""
    absent: Values = {section: {"replicas": 0} for role, section in _SECTIONS.items() if role not in logs.roles}
    return {**absent, **{_SECTIONS[name]: _role(context, logs, name, role) for name, role in logs.roles.items()}}


def _role(context: LokiContext, logs: Logs, name: str, role: Role) -> Values:
    placement = logs.placement.of(role.placement)
    values: Values = {
        "replicas": role.replicas,
        "resources": resources(role),
        "affinity": None,  # by default a hard one: a second replica would need a second node
    }
    pod = pod_of(logs.placement, role)
    if "affinity" in pod:
        # Helm merges it with the chart's.
        apart = pod["affinity"].get("podAntiAffinity")
        pod["affinity"] = {**pod["affinity"], "podAntiAffinity": apart and {REQUIRED: None, **apart}}
    if (scaling := role.autoscaling) is not None:
        # Beside the replicas, which the chart leaves out of the Deployment then, but its disruption budget counts.
        values["autoscaling"] = {
            "enabled": True,
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "targetCPUUtilizationPercentage": scaling.cpu_percent,
            **named("customMetrics", custom_metrics(scaling)),
        }
    if role.max_replicas > 1:
        labels = {
            "app.kubernetes.io/name": RELEASE,
            "app.kubernetes.io/instance": RELEASE,
            "app.kubernetes.io/component": name,
        }
        nodes = context.kubernetes.nodes
        values["topologySpreadConstraints"] = spread(
            placement, nodes=nodes, replicas=role.max_replicas, selector=labels
        )
    if role.volume is not None:
        values["persistence"] = _volume(name, role.volume, placement)
    if name == "all":
        values["terminationGracePeriodSeconds"] = _GRACE_SECONDS
    if name == "backend":
        values["automountServiceAccountToken"] = False  # its own default of true goes before `defaults`
    return {**values, **pod}


def _volume(name: str, size: int, placement: Placement) -> Values:
    """Return a volume claim; of the backend, one that outlives its StatefulSet, as the others do."""
    storage_class = {"storageClass": placement.storage_class} if placement.storage_class else {}
    kept = {"enableStatefulSetAutoDeletePVC": False} if name == "backend" else {}
    return {"size": bytes_text(size), **storage_class, **kept}


def _pods(context: LokiContext) -> Values:
    """Return the pods' security context, and the probes where Loki serves TLS.

    Probes stand here and not in `defaults`, which would put another probe in the place of the chart's.
    """
    probes = ("readinessProbe", "livenessProbe") if serves_tls(context) else ()
    https: Values = {"httpGet": {"scheme": "HTTPS"}}
    return {"podSecurityContext": pod_security(context.kubernetes.platform), **dict.fromkeys(probes, https)}


def _files(context: LokiContext) -> Values:
    wanted = volumes(context)
    return {"extraVolumes": wanted, "extraVolumeMounts": mounts(context)} if wanted else {}


def _config(context: LokiContext, logs: Logs) -> Values:
    """Return Loki's own configuration, which the chart writes section by section."""
    server = http_server(context)
    return {
        **named("image", with_digest(context.images, IMAGE)),
        "auth_enabled": bool(context.tenants),
        **({"server": server} if server else {}),
        "commonConfig": {"replication_factor": logs.replication_factor},
        "schemaConfig": {"configs": [_schema(logs)]},
        "storage": {"type": "s3", "bucketNames": context.buckets, "s3": _s3(context)},
        "compactor": {"retention_enabled": True, "delete_request_store": "s3"},
        "limits_config": {
            **shared(context.limits, limits_of),
            RETENTION: duration_text(logs.retention),
            "allow_structured_metadata": True,  # without it OTLP is refused
        },
        **({"querier": {"multi_tenant_queries_enabled": True}} if context.tenants else {}),
        "analytics": {"reporting_enabled": False},  # phones home
        "structuredConfig": _caches(logs),
        **named("runtimeConfig", named("overrides", overrides(context.tenants, limits_of, retention=RETENTION))),
    }


def _schema(logs: Logs) -> Values:
    return {
        "from": logs.schema_from,
        "store": "tsdb",
        "object_store": "s3",
        "schema": "v13",  # the first with structured metadata
        "index": {"prefix": "index_", "period": "24h"},
    }


def _s3(context: LokiContext) -> Values:
    """Return Loki's way to its buckets; without keys, because its S3 client finds them in the environment."""
    store, authority = context.object_store, store_authority(context)
    return {
        "endpoint": store.address,
        "region": store.region,
        "insecure": store.insecure,
        "s3ForcePathStyle": True,
        **({"http_config": {"ca_file": authority}} if authority else {}),
    }


def _caches(logs: Logs) -> Values:
    """Return caches that fit the smallest request: where there is no memcached, Loki makes two of 100 MB in memory."""
    smallest = min(role.memory for role in logs.roles.values())
    embedded = {"embedded_cache": {"enabled": True, "max_size_mb": max(1, smallest // _CACHE_PART // _MIB)}}
    return {
        "chunk_store_config": {"chunk_cache_config": embedded},
        "query_range": {"cache_results": True, "results_cache": {"cache": embedded}},
    }
