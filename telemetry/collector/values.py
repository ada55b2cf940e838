"""Values of the chart `alloy` 1.11.1: Grafana Alloy as a DaemonSet, with the configuration of collector/.

Source of every path: operations/helm/charts/alloy of grafana/alloy (telemetry/charts/alloy-1.11.1.json).
"""

from collections.abc import Iterator

from telemetry.collector.addresses import HTTP_PORT, RELEASE
from telemetry.collector.config import CONFIG_MAP, FILE
from telemetry.collector.destination import CREDENTIALS
from telemetry.collector.pipeline import OTLP_GRPC, OTLP_HTTP
from telemetry.collector.rights import namespaces_of, rules_of
from telemetry.collector.scraping import BACKENDS, folder
from telemetry.config.collector import ALLOY, RELOADER_IMAGE, Collector, containers_of
from telemetry.config.existing import ScrapeAccess
from telemetry.config.quantities import bytes_text
from telemetry.gateway.secrets import TENANT_SECRET_PREFIX
from telemetry.monitoring.scraping import targets_of
from telemetry.spec.values.common import RESTRICTED_CONTAINER, Values, merged, named, pod_security, resources
from telemetry.spec.values.images import pull_secrets, with_digest
from telemetry.spec.values.placement import pod_placement
from telemetry.spec.values.scraping import scrape_annotations
from telemetry.spec.values.transport import backends_secret
from telemetry.stack import Stack
from telemetry.stack.collector import sender

_STORAGE = "/var/lib/alloy"
_USER = 473
"""The image's user `alloy`; by itself it runs as root."""
_GROUP_MAY_READ = 0o440


def values(stack: Stack, collector: Collector) -> Values:
    """Return the chart's values."""
    ports = (("otlp-grpc", OTLP_GRPC), ("otlp-http", OTLP_HTTP))
    mounted = [*_mounted(stack, collector), *_shown(stack)]
    containers = containers_of(collector, stack.policy)  # Alloy's own limiter takes the place of a memory limit
    rendered: Values = {
        "fullnameOverride": RELEASE,
        "crds": {"create": False},  # cluster-wide, and for logs
        "global": {
            "podSecurityContext": _pod_security(stack),
            **named("image", named("pullSecrets", pull_secrets(stack.images))),
        },
        **named("image", with_digest(stack.images, ALLOY)),
        "alloy": {
            "configMap": {"create": False, "name": CONFIG_MAP, "key": FILE},
            "stabilityLevel": "public-preview" if collector.queue.on_disk else "generally-available",
            "storagePath": _STORAGE,
            "enableReporting": False,  # phones home
            "extraPorts": [{"name": name, "port": port, "targetPort": port, "protocol": "TCP"} for name, port in ports],
            "resources": resources(containers["alloy"]),
            "securityContext": RESTRICTED_CONTAINER,
            "mounts": {"extra": [_mount("storage", _STORAGE), *(_mount(each["name"], path) for each, path in mounted)]},
        },
        "configReloader": {
            **named("image", with_digest(stack.images, RELOADER_IMAGE)),
            "resources": resources(containers["config-reloader"]),
            # The chart's own names a user, which OpenShift refuses.
            "securityContext": {**RESTRICTED_CONTAINER, "runAsUser": None, "runAsGroup": None},
        },
        "controller": {
            "type": "daemonset",
            # An update of all nodes one by one takes long; an application beside a missing one sends again.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
            "volumes": {
                "extra": [
                    {"name": "storage", "emptyDir": {"sizeLimit": bytes_text(collector.queue.size)}},
                    *(each for each, _ in mounted),
                ]
            },
            **pod_placement(stack, collector),
        },
        # Each application is served by its own node's pod, and so are its retries.
        "service": {"internalTrafficPolicy": "Local"},
        **_rights(stack, collector),
    }
    return merged(rendered, _metadata(stack))


def _metadata(stack: Stack) -> Values:
    """Return labels and annotations; the chart takes neither for a Role, and no labels for the Service."""
    labels, annotations = stack.labels, stack.annotations
    controller = {
        **named("extraLabels", labels.objects),
        **named("extraAnnotations", annotations.objects),
        **named("podLabels", labels.of_pods),
        **named("podAnnotations", annotations.of_pods | scrape_annotations(stack, HTTP_PORT)),
    }
    of_objects = named("annotations", annotations.objects)
    return {
        **named("controller", controller),
        **named("service", of_objects),
        **named("serviceAccount", of_objects | named("additionalLabels", labels.objects)),
    }


def credential_secret(stack: Stack, collector: Collector) -> str | None:
    """Return the Secret with the tenant's credential; None where no gateway asks for one."""
    tenant = sender(collector, stack.tenants)
    if stack.gateway is None or tenant is None:
        return None
    return collector.secret or f"{TENANT_SECRET_PREFIX}{tenant.object_name}"


def _mounted(stack: Stack, collector: Collector) -> Iterator[tuple[Values, str]]:
    """Yield the volumes that Alloy reads where it sends to and scrapes what is ours, and their paths."""
    if (secret := credential_secret(stack, collector)) is not None:
        yield _secret("credentials", secret), CREDENTIALS
    if stack.collector_scrapes and (backends := backends_secret(stack)) is not None:
        # Its key is the backends'.
        yield _secret("backends", backends.name, items=[{"key": backends.authority, "path": "ca.crt"}]), BACKENDS


def _shown(stack: Stack) -> Iterator[tuple[Values, str]]:
    """Yield the volumes with what it shows to pods of others that it scrapes, and their paths."""
    for target in targets_of(stack) if stack.collector_scrapes else ():
        if target.access is not None:
            sources = [{"secret": each} for each in _sources(target.access)]
            projected = {"defaultMode": _GROUP_MAY_READ, "sources": sources}
            yield {"name": f"scraped-{target.name}", "projected": projected}, folder(target)


def _sources(access: ScrapeAccess) -> Iterator[Values]:
    """Yield the Secrets of it, each with its files."""
    for secret in (access.certificate, access.token):
        if secret is not None:
            yield {"name": secret.name, "items": [{"key": key, "path": path} for path, key in secret.keys.items()]}


def _mount(name: str, path: str) -> Values:
    return {"name": name, "mountPath": path, "readOnly": name != "storage"}


def _secret(name: str, secret: str, **keys: list[Values]) -> Values:
    return {"name": name, "secret": {"secretName": secret, "defaultMode": _GROUP_MAY_READ, **keys}}


def _pod_security(stack: Stack) -> Values:
    ids = {"runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER}
    return {key: value for key, value in (ids | pod_security(stack.kubernetes.platform)).items() if value is not None}


def _rights(stack: Stack, collector: Collector) -> Values:
    """Return what the pods may ask the API server; who asks nothing has no token.

    The chart has one list of rules for all namespaces, and makes a ClusterRole where none is named.
    """
    namespaces = namespaces_of(stack, collector)
    asks = namespaces is None or bool(namespaces)
    role = {"namespaces": list(namespaces or ()), "rules": list(rules_of(collector)), "clusterRules": []}
    return {
        "rbac": {"create": asks, **(role if asks else {})},
        "serviceAccount": {"automountServiceAccountToken": asks},
    }
