"""Values of the chart `tempo` 2.2.4: Grafana Tempo as a single binary (charts.md 1)."""

from helm.common import (
    RESTRICTED_CONTAINER,
    SPAN_PROCESSORS,
    Values,
    credentials_from,
    pod_security,
    resources,
    tempo_s3,
)
from helm.placement import pod_placement
from settings import Stack
from settings.quantities import bytes_text, duration_text
from settings.traces import TempoShape


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
            "multitenancyEnabled": False,
            "retention": duration_text(stack.traces.retention),
            "storage": {"trace": {"backend": "s3", "s3": tempo_s3(stack)}},
            "receivers": _receivers(),
            "ingester": {"flush_all_on_shutdown": True},  # within 30 s: the chart has no key for a longer grace period
            "securityContext": RESTRICTED_CONTAINER,
            "extraEnvFrom": credentials_from(secret_name),
            **(_metrics_generator(remote_write_url) if "metrics-generator" in shape.runs else {}),
        },
        "persistence": {
            "enabled": True,
            "size": bytes_text(role.volume),
            **({"storageClassName": storage_class} if storage_class else {}),
        },
        **pod_placement(shape.placement),
        "securityContext": pod_security(stack.kubernetes.platform),
        "serviceAccount": {"automountServiceAccountToken": False},
    }


def _receivers() -> Values:
    """Return the OTLP receivers.

    Of the chart's four Jaeger protocols one has to stay: `jaeger: null` breaks the template, and no protocol at all
    stops Tempo (charts.md 1.4). We keep Thrift over HTTP.
    """
    return {
        "otlp": {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}},
        "jaeger": {"protocols": {"grpc": None, "thrift_binary": None, "thrift_compact": None}},
    }


def _metrics_generator(remote_write_url: str) -> Values:
    """Return the part of `tempo` that turns spans into the metrics behind the service map and exemplars."""
    return {
        "metricsGenerator": {
            "enabled": True,
            "storage": {"remote_write": [{"url": remote_write_url, "send_exemplars": True}]},
        },
        "overrides": {"defaults": {"metrics_generator": {"processors": SPAN_PROCESSORS}}},
    }
