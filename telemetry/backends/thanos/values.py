"""Values of the chart `thanos` 1.24.1 of stevehipwell: everything of Thanos but the sidecar.

What the chart does by itself and is therefore not set: contexts that PodSecurity `restricted` takes, accounts without a
token, replica labels of Receive and of the ruler, whom Query asks of those in this chart.
"""

import hashlib
import json

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.endpoints import ALERTMANAGER_PODS, ALERTMANAGER_PORT, PROMETHEUS_PODS
from telemetry.backends.thanos.limits import limited
from telemetry.backends.thanos.objstore import credentials_env, objstore
from telemetry.backends.thanos.roles import OF_THANOS, READS_BUCKETS
from telemetry.backends.thanos.values_common import IMAGE, ONE_AWAY, TENANT_LABEL, claim, placed
from telemetry.backends.thanos.values_prometheus import REPLICA_LABEL
from telemetry.config.quantities import duration_text
from telemetry.config.roles import Role
from telemetry.spec.cluster import LABEL
from telemetry.spec.context import TENANT_HEADER
from telemetry.spec.values.common import Values, absolute_name, merged, named, resources
from telemetry.spec.values.images import joined, pull_secrets
from telemetry.spec.values.placement import ROLLING
from telemetry.spec.values.restarts import UNKNOWN_RULES
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.text import yaml_text
from telemetry.spec.values.transport import mounts, volumes

OBJSTORE, OBJSTORE_FILE = "thanos-objstore", "objstore.yml"
ALERTMANAGERS, ALERTMANAGERS_FILE = "thanos-alertmanagers", "alertmanagers.yml"
"""The Secrets of the way to the bucket and to Alertmanager, which `components.thanos` makes: the chart takes no
ConfigMaps for them. No credential is in either."""
LIMITS, LIMITS_FILE = "thanos-limits", "limits.yaml"
"""The ConfigMap of tenants' limits, which `components.thanos` makes: Receive reads it again by itself."""
RULES = "thanos-rules"
"""The ConfigMap of rules, which `components.thanos` makes."""
_LIMITS_FOLDER = "/etc/thanos-limits"
_EXEMPLARS = 100_000
"""Exemplars kept per tenant. Thanos' default of 0 drops them, and the datasource's link to traces with them."""
_PLACES = {
    "query": ("query",),
    "store-gateway": ("storeGateway",),
    "compact": ("compact",),
    "receive-router": ("receive", "router"),
    "receive-ingestor": ("receive", "ingestor"),
    "rule": ("rule",),
}
"""Where the chart has each role."""
_GRACE = {"receive-ingestor": 900, "receive-router": 150}
_ENDS = 300
"""Seconds that pods are given to end: Thanos drains for up to 2 minutes over HTTP and again over gRPC, and an ingestor
uploads what it holds."""
_DEPLOYMENTS = ("query", "receive-router")
_IDS = ("runAsUser", "runAsGroup")


def values(context: ThanosContext) -> Values:
    """Return the chart's values."""
    settings = context.settings
    rendered: Values = {
        **named("image", joined(context.images, IMAGE)),
        **named("imagePullSecrets", pull_secrets(context.images)),
        **named("commonLabels", context.labels.objects),
        "objstoreConfig": {"create": False, "name": OBJSTORE, "key": OBJSTORE_FILE},
        "clusterDomain": f"{context.kubernetes.cluster_domain}.",
        "additionalEndpoints": [f"dnssrv+_grpc._tcp.{absolute_name(context, PROMETHEUS_PODS)}"],
        **({"serviceMonitor": {"enabled": True}} if settings.service_monitors else {}),
        "compact": {"enabled": True, "deduplication": {"enabled": settings.replication_factor > 1}},
        "receive": {
            "enabled": True,
            "replicationFactor": settings.replication_factor,
            "retention": duration_text(settings.local_retention),
        },
        "rule": _rule(context),
    }
    for name in OF_THANOS:
        rendered = merged(rendered, _at(_PLACES[name], _role(name, settings.roles[name], context)))
    return rendered


def _at(place: tuple[str, ...], values: Values) -> Values:
    for part in reversed(place):
        values = {part: values}
    return values


def _role(name: str, role: Role, context: ThanosContext) -> Values:
    values: Values = {
        "resources": resources(role),
        "terminationGracePeriodSeconds": _GRACE.get(name, _ENDS),
        "extraArgs": _arguments(name, role, context),
        **_replicas(name, role),
        **_volume(role, context),
        **_files(name, context),
        **_metadata(context),
    }
    values = merged(values, placed(context, role))
    if context.kubernetes.platform == "openshift":
        values["podSecurityContext"] = dict.fromkeys((*_IDS, "fsGroup"))
        values["securityContext"] = dict.fromkeys(_IDS)
    if name in READS_BUCKETS:
        # By subPath as well, and without the chart's own checksum, because the Secret is not the chart's.
        way = {"telemetry/objstore": hashlib.sha256(objstore(context).encode()).hexdigest()[:10]}
        values = merged(values, {"extraEnv": credentials_env(context), "podAnnotations": {**UNKNOWN_KEY, **way}})
    if name == "rule":
        values = merged(values, {"podAnnotations": UNKNOWN_RULES})  # the chart's reloader is off
    if name == "receive-router":
        # It mounts the ring by subPath, which never changes in a pod: with other ingestors it has to start anew.
        ring = {"telemetry/ingestors": str(context.settings.roles["receive-ingestor"].replicas)}
        values = merged(values, {"podAnnotations": ring})
    return values


def _replicas(name: str, role: Role) -> Values:
    """Return how many pods there are, and that one may be away; the compactor is one by the chart."""
    if name == "compact":
        return {}
    scaling = role.autoscaling
    if scaling is None:
        counted: Values = {"replicas": role.replicas}
    else:
        counted = {
            "autoscaling": {
                "enabled": True,
                "minReplicas": scaling.min_replicas,
                "maxReplicas": scaling.max_replicas,
                "targetCPUUtilizationPercentage": scaling.cpu_percent,
            }
        }
    rolls = {"updateStrategy": ROLLING} if name in _DEPLOYMENTS and role.max_replicas > 1 else {}
    return {**counted, **rolls, "podDisruptionBudget": {"enabled": True, **ONE_AWAY}}


def _volume(role: Role, context: ThanosContext) -> Values:
    """Return the volume claim; the chart's default names a storage class that few clusters have."""
    return {} if role.volume is None else {"persistence": claim(context, role, without={"storageClass": ""})}


def _files(name: str, context: ThanosContext) -> Values:
    """Return what the pods of a role mount beside what the chart has them mount."""
    if name == "receive-router" and limited(context.tenants, context.limits):
        return {
            "extraVolumes": [{"name": "limits", "configMap": {"name": LIMITS}}],
            "extraVolumeMounts": [{"name": "limits", "mountPath": _LIMITS_FOLDER, "readOnly": True}],
        }
    wanted = volumes(context) if name in READS_BUCKETS else []
    return {"extraVolumes": wanted, "extraVolumeMounts": mounts(context)} if wanted else {}


def _metadata(context: ThanosContext) -> Values:
    """Return labels and annotations of a role; those of all objects are the chart's `commonLabels`."""
    annotations = named("annotations", context.annotations.objects)
    return {
        **named("service", annotations),
        **named("serviceAccount", annotations),
        **named("podLabels", context.labels.of_pods),
        **named("podAnnotations", {**context.annotations.of_pods, **context.scrape_annotations}),
    }


def _arguments(name: str, role: Role, context: ThanosContext) -> list[str]:
    match name:
        case "query":
            return _of_query(context)
        case "store-gateway":
            # Its own are 2 GB and 250 MB, whatever it is given.
            return [f"--chunk-pool-size={role.memory // 4}B", f"--index-cache.config={_index_cache(role)}"]
        case "compact":
            return _of_compactor(context)
        case "receive-router":
            return _of_router(context)
        case "receive-ingestor":
            return [f"--tsdb.max-exemplars={_EXEMPLARS}"]
        case _:
            return _of_ruler(context)


def _index_cache(role: Role) -> str:
    """Return the index cache: an eighth of the memory, and items of a size that it can hold, else Store ends."""
    size = role.memory // 8
    return json.dumps({"type": "IN-MEMORY", "config": {"max_size": f"{size}B", "max_item_size": f"{size // 4}B"}})


def _of_query(context: ThanosContext) -> list[str]:
    """Return Query's: which replicas are one, and whose series a request may see.

    Who names no tenant asks for the platform's: the ruler, and Receive, which counts series.
    """
    arguments = [f"--query.replica-label={REPLICA_LABEL}"]
    if context.settings.downsampling:
        arguments.append("--query.auto-downsampling")
    if context.tenants:
        arguments += [
            "--query.enforce-tenancy",
            f"--query.tenant-header={TENANT_HEADER}",
            f"--query.tenant-label-name={TENANT_LABEL}",
        ]
        if context.monitoring.tenant is not None:
            arguments.append(f"--query.default-tenant-id={context.monitoring.tenant}")
    return arguments


def _of_compactor(context: ThanosContext) -> list[str]:
    settings = context.settings
    kept = {"raw": settings.retention, "5m": settings.of_5m, "1h": settings.of_1h}
    arguments = [f"--retention.resolution-{name}={duration_text(seconds)}" for name, seconds in kept.items()]
    return arguments if settings.downsampling else [*arguments, "--downsampling.disable"]


def _of_router(context: ThanosContext) -> list[str]:
    arguments = [
        "--receive.hashrings-algorithm=ketama",  # by default, another number of ingestors moves every series
        f"--receive.tenant-header={TENANT_HEADER}",
    ]
    if limited(context.tenants, context.limits):
        arguments.append(f"--receive.limits-config-file={_LIMITS_FOLDER}/{LIMITS_FILE}")
    if context.kubernetes.cluster is not None:
        arguments.append(f"--receive.otlp-promote-resource-attributes={LABEL}")
    return arguments


def _of_ruler(context: ThanosContext) -> list[str]:
    arguments = [f"--alert.label-drop={REPLICA_LABEL}"]
    if context.tenants and context.monitoring.tenant is not None:
        arguments.append(f'--label={TENANT_LABEL}="{context.monitoring.tenant}"')
    return arguments


def _rule(context: ThanosContext) -> Values:
    settings = context.settings
    return {
        "enabled": True,
        "evalInterval": f"{settings.evaluation_interval}s",
        "retention": duration_text(settings.local_retention),
        "rules": {"create": False, "name": RULES},
        "alertmanagersConfig": {"create": False, "name": ALERTMANAGERS, "key": ALERTMANAGERS_FILE},
        "configReloader": {"enabled": False},  # it has no security context, and PodSecurity would refuse the pod
    }


def alertmanagers(context: ThanosContext) -> str:
    """Return the ruler's file of Alertmanagers: each must hear of every alert."""
    everyone = f"dns+{absolute_name(context, ALERTMANAGER_PODS)}:{ALERTMANAGER_PORT}"
    told = {"alertmanagers": [{"static_configs": [everyone], "api_version": "v2"}]}
    return yaml_text(told)
