"""Values of the chart `prometheus` 29.27.0 of prometheus-community: Prometheus, and Thanos' sidecar in its pods."""

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.endpoints import (
    ALERTMANAGER_PODS,
    ALERTMANAGER_PORT,
    GRPC_PORT,
    HTTP_PORT,
    PROMETHEUS,
    PROMETHEUS_PODS,
    PROMETHEUS_PORT,
    THANOS,
)
from telemetry.backends.thanos.objstore import credentials_env, objstore
from telemetry.backends.thanos.roles import OF_THANOS, SIDECAR
from telemetry.backends.thanos.values_common import IMAGE, ONE_AWAY, PROMETHEUS_IMAGE, TENANT_LABEL, claim, placed
from telemetry.config.quantities import duration_text
from telemetry.spec.cluster import LABEL
from telemetry.spec.values.common import (
    RESTRICTED_CONTAINER,
    Values,
    absolute_name,
    merged,
    named,
    pod_security,
    resources,
)
from telemetry.spec.values.images import joined, pull_secrets
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.scraping import scrape_annotations
from telemetry.spec.values.transport import mounts, volumes

REPLICA_LABEL = "prometheus_replica"
"""The label that tells Prometheus' replicas apart, which scrape the same."""
CONTAINER, SIDECAR_CONTAINER = f"{PROMETHEUS}-server", f"{THANOS}-{SIDECAR}"
"""What the two containers of a pod are called."""
_SIDECAR_TAG = "v0.42.4"
"""The version of the rest of Thanos, which the chart of Prometheus does not know."""
_BLOCK = "2h"
"""What a block covers. The sidecar uploads none that Prometheus joins by itself, so the two lengths are one."""
_OTHERS = ("alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway")
"""Charts that come with it: some want rights in the whole cluster, and Alertmanager is a release of its own."""
_JOBS = (
    "prometheus",
    "kubernetes-api-servers",
    "kubernetes-nodes",
    "kubernetes-nodes-cadvisor",
    "kubernetes-service-endpoints",
    "kubernetes-service-endpoints-slow",
    "prometheus-pushgateway",
    "kubernetes-services",
    "kubernetes-pods",
    "kubernetes-pods-slow",
)
"""The chart's jobs. The first scrapes `localhost`, which is the same series of every replica, so that of two the sick
one would not show; the others ask the API server, with rights in the whole cluster."""
_HEADLESS = tuple(role for role in OF_THANOS if role not in ("query", "receive-router"))
"""Roles of Thanos whose pods a name of the chart's stands for."""


def values(context: ThanosContext) -> Values:
    """Return the chart's values."""
    return {
        "rbac": {"create": False},
        **named("commonMetaLabels", context.labels.objects),
        "serviceAccounts": {
            "server": {"automountServiceAccountToken": False, **named("annotations", context.annotations.objects)}
        },
        **named("imagePullSecrets", pull_secrets(context.images)),
        **{name: {"enabled": False} for name in _OTHERS},
        "configmapReload": {"prometheus": {"enabled": False}},
        "scrapeConfigs": {**{name: {"enabled": False} for name in _JOBS}, **_scraped(context)},
        "alertRelabelConfigs": {
            "alert_relabel_configs": [{"action": "labeldrop", "regex": REPLICA_LABEL}],
        },
        "server": _server(context),
    }


def _server(context: ThanosContext) -> Values:
    settings = context.settings
    role = settings.roles["prometheus"]
    return merged(
        {
            **named("image", joined(context.images, PROMETHEUS_IMAGE)),
            "replicaCount": role.replicas,
            "statefulSet": {
                "enabled": True,
                "podManagementPolicy": "Parallel",
                "headless": {"gRPC": {"enabled": True}, **named("annotations", context.annotations.objects)},
                **named("annotations", context.annotations.objects),
            },
            "resources": resources(role),
            "securityContext": pod_security(context.kubernetes.platform),
            "containerSecurityContext": RESTRICTED_CONTAINER,
            "podDisruptionBudget": {"enabled": True, **ONE_AWAY},
            "persistentVolume": claim(context, role, without={}),
            "tsdb": {"retention": {"time": duration_text(settings.local_retention)}},
            "global": _global(context),
            "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "extraFlags": ["web.enable-lifecycle", "config.auto-reload"],
            "extraArgs": {
                "storage.tsdb.min-block-duration": _BLOCK,
                "storage.tsdb.max-block-duration": _BLOCK,
                "enable-feature": "exemplar-storage",
            },
            "alertmanagers": [{"dns_sd_configs": [_pods(context, ALERTMANAGER_PODS, ALERTMANAGER_PORT)]}],
            "sidecarContainers": {SIDECAR_CONTAINER: _sidecar(context)},
            **named("extraVolumes", volumes(context)),
            **_metadata(context),
        },
        merged({"podAnnotations": UNKNOWN_KEY}, placed(context, role, _SELECTOR)),
    )


_SELECTOR = {
    "app.kubernetes.io/name": PROMETHEUS,
    "app.kubernetes.io/instance": PROMETHEUS,
    "app.kubernetes.io/component": "server",
}


def _metadata(context: ThanosContext) -> Values:
    """Return labels and annotations. Common labels are on pods too, which are not to have them twice."""
    annotations = context.annotations
    return {
        **named("service", named("annotations", annotations.objects)),
        **named("configMapAnnotations", annotations.objects),
        **named("podLabels", context.labels.pods),
        # One port is all that annotations can name: the sidecar's, which says of Prometheus whether it is up.
        **named("podAnnotations", {**annotations.of_pods, **scrape_annotations(context, HTTP_PORT)}),
    }


def _global(context: ThanosContext) -> Values:
    """Return what holds for all jobs; Prometheus puts the pod's name in by itself.

    What it scrapes is the platform's own, so its series are those of the tenant that has these.
    """
    settings = context.settings
    tenant = {TENANT_LABEL: context.monitoring.tenant} if context.monitoring.tenant else {}
    cluster = {LABEL: context.kubernetes.cluster} if context.kubernetes.cluster else {}
    return {
        "scrape_interval": f"{settings.scrape_interval}s",
        "evaluation_interval": f"{settings.evaluation_interval}s",
        "external_labels": {REPLICA_LABEL: "${POD_NAME}", **tenant, **cluster},
    }


def _scraped(context: ThanosContext) -> Values:
    """Return the jobs: everything of this backend, by names that stand for the pods."""
    here = {"target_label": "namespace", "replacement": context.namespace.name}
    by_name = {
        "prometheus": (PROMETHEUS_PODS, PROMETHEUS_PORT),
        "sidecar": (PROMETHEUS_PODS, HTTP_PORT),
        "alertmanager": (ALERTMANAGER_PODS, ALERTMANAGER_PORT),
        **{role: (f"{THANOS}-{role}-headless", HTTP_PORT) for role in _HEADLESS},
        # Of these two the chart has no such name, and a Service is answered by one of its pods.
        **{role: (f"{THANOS}-{role}", HTTP_PORT) for role in ("query", "receive-router")},
    }
    return {
        f"telemetry-{name}": {
            "enabled": True,
            "job_name": f"{context.namespace.name}/{name}",
            "dns_sd_configs": [_pods(context, service, port)],
            "relabel_configs": [here],
        }
        for name, (service, port) in by_name.items()
    }


def _pods(context: ThanosContext, service: str, port: int) -> Values:
    kind = "A" if "IPv4" in context.kubernetes.ip_families else "AAAA"
    return {"names": [absolute_name(context, service)], "type": kind, "port": port}


def _sidecar(context: ThanosContext) -> Values:
    """Return the container: it uploads the blocks that Prometheus writes, and answers for the rest."""
    chosen = {"repository": f"{IMAGE.registry}/{IMAGE.repository}", "tag": _SIDECAR_TAG}
    image = {**chosen, **joined(context.images, IMAGE)}
    data = [{"name": "storage-volume", "mountPath": "/data"}]
    return {
        "image": f"{image['repository']}:{image['tag']}",
        "args": [
            "sidecar",
            f"--prometheus.url=http://localhost:{PROMETHEUS_PORT}",
            "--tsdb.path=/data",
            f"--grpc-address=:{GRPC_PORT}",
            f"--http-address=:{HTTP_PORT}",
            f"--objstore.config={objstore(context)}",
        ],
        "env": credentials_env(context),
        "ports": [
            {"name": "grpc", "containerPort": GRPC_PORT},
            {"name": "http-sidecar", "containerPort": HTTP_PORT},
        ],
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": HTTP_PORT}},
        "livenessProbe": {"httpGet": {"path": "/-/healthy", "port": HTTP_PORT}},
        "resources": resources(context.settings.roles[SIDECAR]),
        "securityContext": RESTRICTED_CONTAINER,
        "volumeMounts": [*data, *mounts(context)],
    }
