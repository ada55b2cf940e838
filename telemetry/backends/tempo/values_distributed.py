"""Values of the chart `tempo-distributed` 2.26.2: Grafana Tempo with a workload per role.

What the chart does by itself and is therefore not set: Deployments roll without a surge, one pod at a time; every role
of two or more replicas has a disruption budget of one pod; volume claims outlive their StatefulSet.
"""

from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.limits import limits_of
from telemetry.backends.tempo.settings import TempoShape
from telemetry.backends.tempo.values_common import (
    IMAGE,
    generator_settings,
    generator_storage,
    grpc_server,
    processors,
    querier_client,
    receivers,
    s3,
    tenant_overrides,
)
from telemetry.config.quantities import bytes_text, duration_text
from telemetry.config.roles import Role
from telemetry.spec.values.common import (
    RESTRICTED_CONTAINER,
    Values,
    any_address,
    credentials_from,
    merged,
    named,
    pod_security,
    resources,
)
from telemetry.spec.values.images import with_tag
from telemetry.spec.values.limits import shared
from telemetry.spec.values.placement import pod_of, pod_placement, spread
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.text import yaml_text
from telemetry.spec.values.transport import HTTPS_PROBE, http_server, mounts, serves_tls, volumes

READS_BUCKETS = ("compactor", "ingester", "metrics-generator", "querier", "query-frontend")
"""Only these are given the S3 credentials: what depends on the module `Store` in cmd/tempo/app/modules.go of 2.10.7,
which lists the bucket as it starts. The query-frontend reads the list of blocks; the generator has no use for it."""

_KEYS = {"query-frontend": "queryFrontend", "metrics-generator": "metricsGenerator"}
"""Sections of the values whose name is not the role's."""

_HAVE_TWINS = ("distributor", "ingester", "metrics-generator", "query-frontend")
"""Roles with a headless Service beside the other."""

_MAX_BLOCK_BYTES = 5 * 1024**3
"""The chart's default is 100 GB and its comment advises 5 GB or less: a larger block costs a small compactor memory."""


_CHARTS_ADDRESS = "0.0.0.0"  # noqa: S104 - where its receivers listen by themselves
_OTLP_PORTS = {"grpc": 4317, "http": 4318}


def values(context: TempoContext, shape: TempoShape) -> Values:
    """Return the chart's values.

    Args:
        context: Tempo's settings, and what is around it.
        shape: the distributed shape to deploy; the stack's own, or the one that it is moving away from.
    """
    generates = "metrics-generator" in shape.runs
    own = {
        "ingester": _ingester(shape),
        "compactor": _compactor(context),
        "querier": {"config": querier_client(context)},
        "metrics-generator": _generator(context),
    }
    rendered: Values = {
        **{_key(name): _role(context, shape, name) | own.get(name, {}) for name in shape.roles},
        "reportingEnabled": False,  # phones home
        "multitenancyEnabled": bool(context.tenants),
        **_storage_class(shape.placement.storage_class),
        "defaults": {**pod_placement(context, shape.placement), **_files(context)},
        "serviceAccount": {"automountServiceAccountToken": False},  # the chart's default, to rely on
        "tempo": {
            **named("image", _image(context)),
            **_security(context.kubernetes.platform),
            **_structured(context, generates=generates),
            **_probes(context),
        },
        # Without the second key Tempo goes on looking for the cache that the first one takes away.
        "memcached": {"enabled": False},
        "cache": {"caches": []},
        "server": grpc_server(context),
        "traces": {"otlp": _receivers(context)},
        "storage": {"trace": {"backend": "s3", "s3": s3(context)}},
        "overrides": {"defaults": _defaults(context, generates=generates)},
        **({"per_tenant_overrides": tenant_overrides(context, generates=generates)} if context.tenants else {}),
    }
    return merged(rendered, _metadata(context, shape))


def _metadata(context: TempoContext, shape: TempoShape) -> Values:
    """Return labels and annotations; the chart takes no annotations for ConfigMaps and disruption budgets."""
    labels, annotations = context.labels, named("annotations", context.annotations.objects)
    services = {name: named("service", annotations) for name in shape.roles}
    twins = {name: named("serviceDiscovery", annotations) for name in _HAVE_TWINS if name in shape.roles}
    of_roles = {_key(name): {**annotations, **services[name], **twins.get(name, {})} for name in shape.roles}
    return {
        **(of_roles if annotations else {}),
        **named("global", named("commonLabels", labels.objects)),
        **named("serviceAccount", annotations),
        **named(
            "defaults",
            named("podLabels", labels.pods)
            | named("podAnnotations", context.annotations.of_pods | context.scrape_annotations),
        ),
        **named("tempo", named("memberlist", named("service", annotations))),
    }


def _key(role_name: str) -> str:
    return _KEYS.get(role_name, role_name)


def _image(context: TempoContext) -> Values:
    return with_tag(context.images, IMAGE) | named("pullSecrets", context.images.pull_secrets)


def _storage_class(name: str | None) -> Values:
    return {"global": {"storageClass": name}} if name else {}


def _security(platform: str) -> Values:
    """Return the contexts of pod and container; unlike other charts this one sets user ids on the container."""
    pod = pod_security(platform)
    ids = {key: pod.pop(key) for key in ("runAsUser", "runAsGroup") if key in pod}
    return {"podSecurityContext": pod, "securityContext": {**RESTRICTED_CONTAINER, **ids}}


def _role(context: TempoContext, shape: TempoShape, name: str) -> Values:
    role = shape.roles[name]
    pod = pod_of(shape.placement, role)
    affinity = yaml_text(pod.pop("affinity")) if "affinity" in pod else ""
    keyed: Values = {**credentials_from(context.s3_secret), "podAnnotations": UNKNOWN_KEY}
    values: Values = {
        # Stated for a role that the chart scales too: it is left out of the Deployment, but budgets count it.
        "replicas": None if scales_by_metrics(role) else role.replicas,
        "resources": resources(role),
        "affinity": affinity,  # a text; by default a hard one: a second replica would need a second node
        "topologySpreadConstraints": _spread(context, shape, name),
        **_autoscaling(name, role),
        **(keyed if name in READS_BUCKETS else {}),
    }
    return merged(values, pod)


def pod_labels(release: str, role: str) -> dict[str, str]:
    """Return the labels by which the chart knows the pods of a role."""
    return {
        "app.kubernetes.io/name": "tempo",
        "app.kubernetes.io/instance": release,
        "app.kubernetes.io/component": role,
    }


def _spread(context: TempoContext, shape: TempoShape, name: str) -> str:
    """Return the constraints as the text that the chart wants; it renders the text, the release's name in it included.

    The compactor has no such key in the chart's values.yaml, but its template reads it like the others'.
    """
    labels = pod_labels("{{ .Release.Name }}", name)
    nodes, replicas = context.kubernetes.nodes, shape.roles[name].max_replicas
    placement = shape.placement.of(shape.roles[name].placement)
    constraints = spread(placement, nodes=nodes, replicas=replicas, selector=labels)
    return yaml_text(constraints) if constraints else ""


def scales_by_metrics(role: Role) -> bool:
    """Whether the program scales a role, because the chart knows no other metrics than CPU and memory."""
    return role.autoscaling is not None and bool(role.autoscaling.metrics)


def _autoscaling(name: str, role: Role) -> Values:
    """Return the chart's own autoscaler on CPU; its target for memory is off."""
    if role.autoscaling is None or scales_by_metrics(role):
        return {}
    target: Values = {"targetCPUUtilizationPercentage": role.autoscaling.cpu_percent}
    if name == "compactor":  # the only one that can be scaled by KEDA instead
        target = {"hpa": {"enabled": True, **target}}
    bounds = {"minReplicas": role.autoscaling.min_replicas, "maxReplicas": role.autoscaling.max_replicas}
    return {"autoscaling": {"enabled": True, **bounds, **target}}


def _ingester(shape: TempoShape) -> Values:
    role = shape.roles["ingester"]
    volume, own = role.volume, role.placement.storage_class if role.placement else None
    assert volume is not None  # noqa: S101 - settings.role_policy demands one
    return {
        "persistence": {"enabled": True, "size": bytes_text(volume), **named("storageClass", own or "")},
        "config": {"replication_factor": shape.replication_factor, "flush_all_on_shutdown": True},
        # Left out, the chart lets all go but a majority of the replication factor.
        "maxUnavailable": 1,
    }


def _compactor(context: TempoContext) -> Values:
    retention = duration_text(context.settings.retention)
    return {"config": {"compaction": {"block_retention": retention, "max_block_bytes": _MAX_BLOCK_BYTES}}}


def _generator(context: TempoContext) -> Values:
    """Return the part that turns spans into the metrics behind the service map and exemplars.

    A StatefulSet, though nothing is kept: the chart's Deployment takes no strategy, so an update would start a third
    pod before it stops one of two, and so exceed a quota that holds two.
    """
    return {
        "enabled": True,
        "kind": "StatefulSet",
        "config": {"storage": generator_storage(context)},
    }


def _defaults(context: TempoContext, *, generates: bool) -> Values:
    """Return what holds for every tenant. What is granted at all is a rate of the platform, not of each distributor."""
    limits = shared(context.limits, limits_of)
    if context.tenants or limits:
        limits = merged({"ingestion": {"rate_strategy": "global"}}, limits)
    return merged(limits, processors(context) if generates else {})


def _receivers(context: TempoContext) -> Values:
    """Return the OTLP receivers; where they listen is said only where it is not where the chart has them listen."""
    place = any_address(context)
    return {
        name: {
            "enabled": True,
            "receiverConfig": of | ({} if place == _CHARTS_ADDRESS else {"endpoint": f"{place}:{_OTLP_PORTS[name]}"}),
        }
        for name, of in receivers(context).items()
    }


def _files(context: TempoContext) -> Values:
    wanted = volumes(context)
    return {"extraVolumes": wanted, "extraVolumeMounts": mounts(context)} if wanted else {}


def _structured(context: TempoContext, *, generates: bool) -> Values:
    """Return what the chart has no values for, and merges into the configuration of all roles."""
    server, generator = http_server(context), generator_settings(context) if generates else {}
    wanted = {**({"server": server} if server else {}), **({"metrics_generator": generator} if generator else {})}
    return {"structuredConfig": wanted} if wanted else {}


def _probes(context: TempoContext) -> Values:
    return {"livenessProbe": HTTPS_PROBE, "readinessProbe": HTTPS_PROBE} if serves_tls(context) else {}
