"""Values of the chart `prometheus` 29.27.0 of prometheus-community: Prometheus, and Thanos' sidecar in its pods."""

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.endpoints import (
    ALERTMANAGER,
    ALERTMANAGER_PODS,
    ALERTMANAGER_PORT,
    GRPC_PORT,
    HTTP_PORT,
    PROMETHEUS,
    PROMETHEUS_PODS,
    PROMETHEUS_PORT,
    THANOS,
    TWINS,
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
    """Return the jobs: every pod of this backend, with the labels that rules and dashboards tell pods apart by."""
    programs = {
        PROMETHEUS: (CONTAINER, PROMETHEUS_PODS, PROMETHEUS_PORT),
        SIDECAR: (SIDECAR_CONTAINER, PROMETHEUS_PODS, HTTP_PORT),
        ALERTMANAGER: (ALERTMANAGER, ALERTMANAGER_PODS, ALERTMANAGER_PORT),
        **{
            role: (f"{THANOS}-{role}", f"{THANOS}-{role}-headless", HTTP_PORT)
            for role in OF_THANOS
            if role not in TWINS
        },
    }
    found = {name: _numbered(context, name, *program) for name, program in programs.items()}
    found |= {role: _unnumbered(context, f"{THANOS}-{role}", service) for role, (service, _) in TWINS.items()}
    return {
        f"telemetry-{name}": {"enabled": True, "job_name": f"{context.namespace.name}/{name}", **where}
        for name, where in found.items()
    }


def _numbered(context: ThanosContext, role: str, container: str, service: str, port: int) -> Values:
    """Return where the pods of a StatefulSet are, by their names: one that is not ready is missed.

    DNS leaves such a pod out of its Service's name, and nothing would say that it is not scraped.
    """
    workload = service.removesuffix("-headless")
    pods = [f"{workload}-{number}" for number in range(context.settings.roles[role].replicas)]
    return {
        "static_configs": [
            {
                "targets": [f"{pod}.{absolute_name(context, service)}:{port}"],
                "labels": {
                    "namespace": context.namespace.name,
                    "pod": pod,
                    "container": container,
                    "instance": f"{pod}:{port}",
                },
            }
            for pod in pods
        ]
    }


def _unnumbered(context: ThanosContext, container: str, service: str) -> Values:
    """Return where the pods of a Deployment are: DNS knows their addresses alone, so these are what they are called."""
    labels = {"namespace": context.namespace.name, "container": container}
    return {
        "dns_sd_configs": [_pods(context, service, HTTP_PORT)],
        "relabel_configs": [
            *({"target_label": label, "replacement": value} for label, value in labels.items()),
            {
                "source_labels": ["__address__"],
                "regex": r"(.+):\d+",
                "target_label": "pod",
                "replacement": f"{container}-$1",
            },
        ],
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
