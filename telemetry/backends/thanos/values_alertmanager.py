"""Values of the chart `alertmanager` 1.42.0 of prometheus-community."""

from typing import Any

import yaml

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.endpoints import ALERTMANAGER, ALERTMANAGER_PORT
from telemetry.backends.thanos.values_common import ALERTMANAGER_IMAGE, ONE_AWAY, claim, placed
from telemetry.spec.alertmanager import configuration, mount, volume
from telemetry.spec.values.common import RESTRICTED_CONTAINER, Values, merged, named, pod_security, resources
from telemetry.spec.values.images import joined, pull_secrets
from telemetry.spec.values.scraping import scrape_annotations

_IDS = ("runAsUser", "runAsGroup")
_SELECTOR = {"app.kubernetes.io/name": ALERTMANAGER, "app.kubernetes.io/instance": ALERTMANAGER}


def values(context: ThanosContext) -> Values:
    """Return the chart's values."""
    role = context.settings.roles["alertmanager"]
    pods = placed(context, role, _SELECTOR)
    grace = pods.pop("terminationGracePeriodSeconds", None)
    ids = dict.fromkeys(_IDS) if context.kubernetes.platform == "openshift" else {}
    return merged(
        {
            **named("image", joined(context.images, ALERTMANAGER_IMAGE)),
            **named("imagePullSecrets", pull_secrets(context.images)),
            "replicaCount": role.replicas,
            "automountServiceAccountToken": False,
            "resources": resources(role),
            "persistence": claim(context, role, without={}),
            "podSecurityContext": {
                key: each for key, each in pod_security(context.kubernetes.platform).items() if key not in _IDS
            },
            "securityContext": {**RESTRICTED_CONTAINER, **ids},
            "podDisruptionBudget": ONE_AWAY,
            **({"serviceMonitor": {"enabled": True}} if context.settings.service_monitors else {}),
            **({"extraPodConfigs": {"terminationGracePeriodSeconds": grace}} if grace else {}),
            **_told(context),
            **_metadata(context),
        },
        pods,
    )


def _told(context: ThanosContext) -> Values:
    """Return who is told, and the files with their credentials; without, the chart's configuration tells nobody."""
    if context.alerting is None:
        return {}
    config: dict[str, Any] = yaml.safe_load(configuration(context.alerting, context.monitoring.severities))
    files = volume(context.alerting)
    mounted = {"extraVolumes": [files], "extraVolumeMounts": [mount()]} if files else {}
    return {"config": config, **mounted}


def _metadata(context: ThanosContext) -> Values:
    labels, annotations = context.labels, context.annotations
    of_services = {**named("labels", labels.objects), **named("annotations", annotations.objects)}
    return {
        **named("service", of_services),
        **named("podLabels", labels.of_pods),
        **named("podAnnotations", {**annotations.of_pods, **scrape_annotations(context, ALERTMANAGER_PORT)}),
        **named("statefulSet", named("annotations", annotations.objects)),
        **named("serviceAccount", named("annotations", annotations.objects)),
        **named("configAnnotations", annotations.objects),
    }
