"""The gateway's Deployment, Service and PodDisruptionBudget, in Kubernetes' own terms.

Tenants reach the pods as mounted files that `watch.sh` looks after, so that a change of tenants restarts nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from telemetry.config.existing_secrets import AuthoritySecret, CertificateSecret
from telemetry.config.gateway import Gateway
from telemetry.config.quantities import bytes_text
from telemetry.config.roles import Role
from telemetry.gateway.access import takes_certificates
from telemetry.gateway.addresses import SERVICE
from telemetry.gateway.layout import Layout
from telemetry.gateway.secrets import CERT_MANAGER_SECRET, CLIENT_CA_SECRET, CONFIG_MAP, TENANTS_SECRET, TLS_SECRET
from telemetry.spec.values.common import RESTRICTED_CONTAINER, Values, named, pod_security, resources
from telemetry.spec.values.images import pull_secrets
from telemetry.spec.values.placement import ROLLING, pod_of, pod_placement, spread
from telemetry.spec.values.scraping import scrape_annotations
from telemetry.spec.values.transport import backends_secret
from telemetry.stack import Stack
from telemetry.stack.images import image_of_gateway
from telemetry.stack.tenancy import existing_tokens_memory

SELECTOR = {"app.kubernetes.io/name": SERVICE, "app.kubernetes.io/instance": SERVICE}
LABELS = {**SELECTOR, "app.kubernetes.io/part-of": "telemetry"}

_LAYOUT = Layout()


class ServicePort(NamedTuple):
    """A port of the gateway's Service, and that of its pods."""

    name: str
    number: int
    target: int


HTTPS = ServicePort("https", 443, _LAYOUT.https_port)
OTLP_HTTP = ServicePort("otlp-http", 4318, _LAYOUT.https_port)
OTLP_GRPC = ServicePort("otlp-grpc", 4317, _LAYOUT.grpc_port)

_GROUP_MAY_READ = 0o440
_IMAGE_USER = 101
"""The user of nginx's unprivileged image; any would do, and OpenShift chooses another."""
_STATE_BASE = 2**20
"""Bytes, for what nginx says of a configuration that it refuses, and which files it has loaded."""
_DRAIN_SECONDS = 330
"""The longest request, a query of five minutes, and half a minute for what surrounds it."""


def deployment(stack: Stack, gateway: Gateway, role: Role, *, watch: str) -> Values:
    """Return the Deployment's spec.

    Args:
        stack: the settings.
        gateway: the gateway's settings.
        role: what one replica asks for.
        watch: the text of what a pod runs: a new one is run only by new pods.
    """
    checksum = hashlib.sha256(watch.encode()).hexdigest()[:16]
    return {
        **({"replicas": role.replicas} if role.autoscaling is None else {}),
        "selector": {"matchLabels": SELECTOR},
        **({"strategy": ROLLING} if role.replicas > 1 else {}),
        "template": {
            "metadata": {
                "labels": {**stack.labels.of_pods, **LABELS},
                "annotations": {
                    **stack.annotations.of_pods,
                    **scrape_annotations(stack, _LAYOUT.health_port),
                    "telemetry/watch": checksum,
                },
            },
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": _DRAIN_SECONDS,
                "securityContext": _pod_security(stack.kubernetes.platform),
                **named("imagePullSecrets", pull_secrets(stack.images)),
                **pod_placement(stack, gateway.placement),
                **pod_of(gateway.placement, role),
                **_spread(stack, gateway, role),
                "containers": [_container(stack, gateway, role)],
                "volumes": list(_volumes(stack, gateway)),
            },
        },
    }


def service() -> Values:
    """Return the Service's spec."""
    ports = (HTTPS, OTLP_HTTP, OTLP_GRPC)
    return {
        "selector": SELECTOR,
        "ports": [{"name": each.name, "port": each.number, "targetPort": each.target} for each in ports],
    }


def disruption_budget(role: Role) -> Values | None:
    """Return the PodDisruptionBudget's spec; None for one replica, which it would keep on its node for ever."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": SELECTOR}} if role.replicas > 1 else None


def certificate(gateway: Gateway, hosts: list[str]) -> Values | None:
    """Return the spec of cert-manager's Certificate; None where the certificate is not from there."""
    issuer = gateway.certificate.issuer
    if issuer is None:
        return None
    return {
        "secretName": CERT_MANAGER_SECRET,
        "dnsNames": hosts,
        "usages": ["digital signature", "server auth"],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "issuerRef": {"name": issuer.name, "kind": issuer.kind, "group": "cert-manager.io"},
    }


def _spread(stack: Stack, gateway: Gateway, role: Role) -> Values:
    if role.replicas == 1:
        return {}
    rules = spread(gateway.placement, nodes=stack.kubernetes.nodes, replicas=role.max_replicas, selector=SELECTOR)
    return {"topologySpreadConstraints": rules} if rules else {}


def _container(stack: Stack, gateway: Gateway, role: Role) -> Values:
    def probe(path: str, **more: int) -> Values:
        return {"httpGet": {"path": path, "port": "health"}, "timeoutSeconds": 5, **more}

    ports = (("https", _LAYOUT.https_port), ("otlp-grpc", _LAYOUT.grpc_port), ("health", _LAYOUT.health_port))
    writable = {"scratch": _LAYOUT.scratch, "state": _LAYOUT.state}
    mounts = [
        {"name": volume["name"], "mountPath": f"{_LAYOUT.root}/{volume['name']}", "readOnly": True}
        for volume in _volumes(stack, gateway)
        if volume["name"] not in writable
    ]
    return {
        "name": "nginx",
        "image": image_of_gateway(gateway, stack.images),
        "command": ["sh", f"{_LAYOUT.root}/config/log.sh"],
        "ports": [{"name": name, "containerPort": port} for name, port in ports],
        "readinessProbe": probe("/ready", periodSeconds=5),
        "livenessProbe": probe("/live", periodSeconds=10, initialDelaySeconds=10),
        "resources": resources(role),
        "securityContext": RESTRICTED_CONTAINER,
        "volumeMounts": [*mounts, *({"name": name, "mountPath": path} for name, path in writable.items())],
    }


def _pod_security(platform: str) -> Values:
    """Return whom the pod runs as, on OpenShift without ids; its group may read the mounted Secrets."""
    ids = {"runAsUser": _IMAGE_USER, "runAsGroup": _IMAGE_USER, "fsGroup": _IMAGE_USER}
    chosen: dict[str, Any] = ids | pod_security(platform)
    return {key: value for key, value in chosen.items() if value is not None}


def _volumes(stack: Stack, gateway: Gateway) -> Iterator[Values]:
    """Yield the volumes, each named after the folder that it is mounted at."""
    yield {"name": "scratch", "emptyDir": {"sizeLimit": bytes_text(gateway.scratch)}}
    yield {"name": "state", "emptyDir": {"medium": "Memory", "sizeLimit": bytes_text(_state_bytes(stack))}}
    yield {"name": "config", "configMap": {"name": CONFIG_MAP}}
    yield _secret("tenants", TENANTS_SECRET, {"tenants.conf": "tenants.conf"})
    certificate = tls_secret(gateway)
    yield _secret("tls", certificate.name, certificate.keys)
    if takes_certificates(stack):
        authority = gateway.client_ca_secret or AuthoritySecret(name=CLIENT_CA_SECRET)
        yield _secret("client-ca", authority.name, authority.keys)
    if (backends := backends_secret(stack)) is not None:
        yield _secret("backend-ca", backends.name, {"ca.crt": backends.authority})
    if sources := list(_existing_tokens(stack)):
        yield {"name": "existing", "projected": {"defaultMode": _GROUP_MAY_READ, "sources": sources}}


def _state_bytes(stack: Stack) -> int:
    """Return room for what watch.sh writes; the part that is more than a few kB is counted in the pod's memory."""
    return _STATE_BASE + existing_tokens_memory(stack.tenants)


def tls_secret(gateway: Gateway) -> CertificateSecret:
    """Return the Secret with the gateway's own certificate, whoever makes it."""
    made = CERT_MANAGER_SECRET if gateway.certificate.source == "cert-manager" else TLS_SECRET
    return gateway.certificate.secret or CertificateSecret(name=made)


def _secret(name: str, secret: str, files: Mapping[str, str]) -> Values:
    """Return a volume with some keys of a Secret, by the name of the file that each becomes."""
    items = [{"key": key, "path": file} for file, key in files.items()]
    return {"name": name, "secret": {"secretName": secret, "defaultMode": _GROUP_MAY_READ, "items": items}}


def _existing_tokens(stack: Stack) -> Iterator[Values]:
    """Yield tenants' own Secrets. Optional: one that is missing must not keep out everybody else."""
    for tenant in stack.tenants:
        if tenant.access.token_secret is not None:
            item = {"key": tenant.access.token_secret.key, "path": f"{tenant.object_name}/token"}
            yield {"secret": {"name": tenant.access.token_secret.name, "optional": True, "items": [item]}}
