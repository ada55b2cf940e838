"""The cluster's DNS: CoreDNS's configuration, and the Services that it is asked by."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.nodes.addresses import CLUSTER_DOMAIN, DNS_PORT, STORE, WORLD

SERVICES = {"openshift-dns": "dns-default", "kube-system": "kube-dns"}
"""The Service of the cluster's DNS on OpenShift and elsewhere, by namespace; a stack's preflight looks for it."""


def configuration(kubeconfig: Path, context: str, stores: Iterable[str]) -> str:
    """Return the Corefile. ``stores`` are the names of the object store's Services, which the cluster does not have."""
    names = " ".join(f"{name.removesuffix('.')}.{CLUSTER_DOMAIN}" for name in stores)
    hosts = f"""
    hosts {{
        {STORE} {names}
        fallthrough
    }}"""
    return f"""\
.:{DNS_PORT} {{
    bind {WORLD}
    errors{hosts if names else ""}
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa {{
        kubeconfig {kubeconfig} {context}
        pods insecure
        ttl 5
    }}
}}
"""


def endpoints(namespace: str, service: str) -> dict[str, Any]:
    """Return the EndpointSlice that leads a Service to CoreDNS, which is no pod."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": service, "namespace": namespace, "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [WORLD], "conditions": {"ready": True}}],
        "ports": ports(),
    }


def ports() -> list[dict[str, Any]]:
    """Return the Service's ports, which are CoreDNS's own."""
    names = {"dns": "UDP", "dns-tcp": "TCP"}
    return [{"name": name, "port": DNS_PORT, "protocol": protocol} for name, protocol in names.items()]
