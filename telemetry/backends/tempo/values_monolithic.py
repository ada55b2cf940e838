"""Values of the chart `tempo` 2.2.4: Grafana Tempo as a single binary."""

from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.limits import limits_of
from telemetry.backends.tempo.settings import TempoShape
from telemetry.backends.tempo.values_common import (
    IMAGE,
    TENANTS_CONFIG_MAP,
    generator_settings,
    generator_storage,
    grpc_server,
    processors,
    querier_client,
    receivers,
    s3,
)
from telemetry.config.quantities import bytes_text, duration_text
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
from telemetry.spec.values.placement import pod_of, pod_placement
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.transport import HTTPS_PROBE, http_server, mounts, serves_tls, volumes

OVERRIDES_FILE = "overrides.yaml"
_TENANTS_PATH = "/etc/tempo-tenants"


def values(context: TempoContext, shape: TempoShape) -> Values:
    """Return the chart's values.

    Args:
        context: Tempo's settings, and what is around it.
        shape: the monolithic shape, which the stack has or is moving away from.
    """
    role = shape.roles["all"]
    placement = shape.placement.of(role.placement)
    assert role.volume is not None  # noqa: S101 - settings.roles demands one
    rendered: Values = {
        "replicas": role.replicas,
        "tempo": {
            **with_tag(context.images, IMAGE),
            **named("pullSecrets", context.images.pull_secrets),
            "resources": resources(role),
            "memBallastSizeMbs": 0,  # the default of 1 GiB would not fit the request
            "reportingEnabled": False,  # phones home
            "multitenancyEnabled": bool(context.tenants),
            "retention": duration_text(context.settings.retention),
            "storage": {"trace": {"backend": "s3", "s3": s3(context)}},
            "receivers": _receivers(context),
            "querier": querier_client(context),
            "ingester": {"flush_all_on_shutdown": True},  # within 30 s: the chart has no key for a longer grace period
            "securityContext": RESTRICTED_CONTAINER,
            **credentials_from(context.s3_secret),
            **_overrides(context, shape),
            **(_metrics_generator(context) if "metrics-generator" in shape.runs else {}),
            **_mounts(context),
            "server": {**grpc_server(context), **http_server(context)},
            **_tls(context),
        },
        **_volumes(context),
        "persistence": {
            "enabled": True,
            "size": bytes_text(role.volume),
            **named("storageClassName", placement.storage_class or ""),
        },
        **pod_placement(context, placement),
        "podAnnotations": UNKNOWN_KEY,
        "securityContext": pod_security(context.kubernetes.platform),
        "serviceAccount": {"automountServiceAccountToken": False},
    }
    return merged(merged(rendered, pod_of(shape.placement, role)), _metadata(context))


def _metadata(context: TempoContext) -> Values:
    """Return labels and annotations; the chart's ConfigMap takes no annotations, and claims are to stay as they are."""
    labels, annotations = context.labels, context.annotations
    of_objects = named("annotations", annotations.objects)
    return {
        **named("global", named("commonLabels", labels.objects)),
        **named("podLabels", labels.of_pods),
        **of_objects,
        **named("podAnnotations", annotations.of_pods | context.scrape_annotations),
        **named("service", of_objects),
        **named("serviceAccount", of_objects),
    }


def _receivers(context: TempoContext) -> Values:
    """Return the OTLP receivers.

    Of the chart's four Jaeger protocols one has to stay: `jaeger: null` breaks the template, and no protocol at all
    stops Tempo (sources.md, Tempo 5). We keep Thrift over HTTP.
    """
    ports = {"grpc": 4317, "http": 4318}
    return {
        "otlp": {
            "protocols": {
                name: {"endpoint": f"{any_address(context)}:{ports[name]}", **of}
                for name, of in receivers(context).items()
            }
        },
        "jaeger": {"protocols": {"grpc": None, "thrift_binary": None, "thrift_compact": None}},
    }


def _metrics_generator(context: TempoContext) -> Values:
    """Return the part of `tempo` that turns spans into the metrics behind the service map and exemplars."""
    storage = generator_storage(context)
    return {"metricsGenerator": {"enabled": True, "storage": storage, **generator_settings(context)}}


def _overrides(context: TempoContext, shape: TempoShape) -> Values:
    """Return the limits of whoever has none of their own, and where tenants' own are read.

    Not from the chart's ConfigMap, whose every change restarts the pod, but from one that `components.tempo` makes.
    """
    generates = "metrics-generator" in shape.runs
    defaults = merged(shared(context.limits, limits_of), processors(context) if generates else {})
    file = {"per_tenant_override_config": f"{_TENANTS_PATH}/{OVERRIDES_FILE}"} if context.tenants else {}
    wanted = {**({"defaults": defaults} if defaults else {}), **file}
    return {"overrides": wanted} if wanted else {}


def _volumes(context: TempoContext) -> Values:
    tenants: list[Values] = [{"name": "tenants", "configMap": {"name": TENANTS_CONFIG_MAP}}] if context.tenants else []
    wanted = [*tenants, *volumes(context)]
    return {"extraVolumes": wanted} if wanted else {}


def _mounts(context: TempoContext) -> Values:
    tenants: list[Values] = [{"name": "tenants", "mountPath": _TENANTS_PATH}] if context.tenants else []
    wanted = [*tenants, *mounts(context)]
    return {"extraVolumeMounts": wanted} if wanted else {}


def _tls(context: TempoContext) -> Values:
    if not serves_tls(context):
        return {}
    return {"livenessProbe": HTTPS_PROBE, "readinessProbe": HTTPS_PROBE}
