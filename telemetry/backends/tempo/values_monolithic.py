"""Values of the chart `tempo` 2.2.4: Grafana Tempo as a single binary (charts.md 1)."""

from telemetry.backends.tempo.settings import TempoShape
from telemetry.backends.tempo.values_common import (
    generator_storage,
    grpc_server,
    processor_settings,
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
    pod_security,
    resources,
)
from telemetry.spec.values.placement import pod_placement
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.transport import HTTPS_PROBE, http_server, mounts, serves_tls, volumes
from telemetry.stack import Stack
from telemetry.stack.overrides import tempo_limits

TENANTS_CONFIG_MAP = "tempo-tenants"
"""The ConfigMap with tenants' limits; Tempo reads it again while it runs."""
OVERRIDES_FILE = "overrides.yaml"
_TENANTS_PATH = "/etc/tempo-tenants"


def values(stack: Stack, shape: TempoShape, *, secret_name: str, remote_write_url: str) -> Values:
    """Return the chart's values.

    Args:
        stack: the settings.
        shape: the monolithic shape, which the stack has or is moving away from.
        secret_name: name of the Secret with the S3 credentials.
        remote_write_url: where the metrics-generator writes, Mimir's push address.
    """
    role, storage_class = shape.roles["all"], shape.placement.storage_class
    assert role.volume is not None  # noqa: S101 - settings.roles demands one
    return {
        "replicas": role.replicas,
        "tempo": {
            "resources": resources(role),
            "memBallastSizeMbs": 0,  # the default of 1 GiB would not fit the request
            "reportingEnabled": False,  # phones home
            "multitenancyEnabled": bool(stack.tenants),
            "retention": duration_text(stack.traces.retention),
            "storage": {"trace": {"backend": "s3", "s3": s3(stack)}},
            "receivers": _receivers(stack),
            "querier": querier_client(stack),
            "ingester": {"flush_all_on_shutdown": True},  # within 30 s: the chart has no key for a longer grace period
            "securityContext": RESTRICTED_CONTAINER,
            "extraEnvFrom": credentials_from(secret_name),
            **_overrides(stack, shape),
            **(_metrics_generator(stack, remote_write_url) if "metrics-generator" in shape.runs else {}),
            **_mounts(stack),
            "server": {**grpc_server(stack), **http_server(stack)},
            **_tls(stack),
        },
        **_volumes(stack),
        "persistence": {
            "enabled": True,
            "size": bytes_text(role.volume),
            **({"storageClassName": storage_class} if storage_class else {}),
        },
        **pod_placement(shape.placement),
        "podAnnotations": UNKNOWN_KEY,
        "securityContext": pod_security(stack.kubernetes.platform),
        "serviceAccount": {"automountServiceAccountToken": False},
    }


def _receivers(stack: Stack) -> Values:
    """Return the OTLP receivers.

    Of the chart's four Jaeger protocols one has to stay: `jaeger: null` breaks the template, and no protocol at all
    stops Tempo (charts.md 1.4). We keep Thrift over HTTP.
    """
    ports = {"grpc": 4317, "http": 4318}
    return {
        "otlp": {
            "protocols": {
                name: {"endpoint": f"{any_address(stack)}:{ports[name]}", **of} for name, of in receivers(stack).items()
            }
        },
        "jaeger": {"protocols": {"grpc": None, "thrift_binary": None, "thrift_compact": None}},
    }


def _metrics_generator(stack: Stack, remote_write_url: str) -> Values:
    """Return the part of `tempo` that turns spans into the metrics behind the service map and exemplars."""
    storage = generator_storage(stack, remote_write_url)
    return {"metricsGenerator": {"enabled": True, "storage": storage, **processor_settings(stack)}}


def _overrides(stack: Stack, shape: TempoShape) -> Values:
    """Return the limits of whoever has none of their own, and where tenants' own are read.

    Not from the chart's ConfigMap, whose every change restarts the pod, but from one that `components.tempo` makes.
    """
    generates = "metrics-generator" in shape.runs
    defaults: Values = {**tempo_limits(stack), **(processors(stack) if generates else {})}
    file = {"per_tenant_override_config": f"{_TENANTS_PATH}/{OVERRIDES_FILE}"} if stack.tenants else {}
    wanted = {**({"defaults": defaults} if defaults else {}), **file}
    return {"overrides": wanted} if wanted else {}


def _volumes(stack: Stack) -> Values:
    tenants: list[Values] = [{"name": "tenants", "configMap": {"name": TENANTS_CONFIG_MAP}}] if stack.tenants else []
    wanted = [*tenants, *volumes(stack)]
    return {"extraVolumes": wanted} if wanted else {}


def _mounts(stack: Stack) -> Values:
    tenants: list[Values] = [{"name": "tenants", "mountPath": _TENANTS_PATH}] if stack.tenants else []
    wanted = [*tenants, *mounts(stack)]
    return {"extraVolumeMounts": wanted} if wanted else {}


def _tls(stack: Stack) -> Values:
    if not serves_tls(stack):
        return {}
    return {"livenessProbe": HTTPS_PROBE, "readinessProbe": HTTPS_PROBE}
