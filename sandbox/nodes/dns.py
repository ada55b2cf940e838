"""The cluster's DNS: CoreDNS's configuration, and the Services that it is asked by."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.nodes.addresses import CLUSTER_DOMAIN, DNS_PORT, WORLD

_PROTOCOLS = ("UDP", "TCP")


def configuration(kubeconfig: Path, context: str, outside: Iterable[str]) -> str:
    """Return the Corefile. ``outside`` are names of Services whose address is the world's own, such as the store's."""
    names = " ".join(f"{name.removesuffix('.')}.{CLUSTER_DOMAIN}" for name in outside)
    hosts = f"""
    hosts {{
        {WORLD} {names}
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
    reload 0s
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
        "ports": [{"name": _port(protocol), "port": DNS_PORT, "protocol": protocol} for protocol in _PROTOCOLS],
    }


def ports() -> list[dict[str, Any]]:
    """Return the Service's ports."""
    return [{"name": _port(protocol), "port": DNS_PORT, "protocol": protocol} for protocol in _PROTOCOLS]


def _port(protocol: str) -> str:
    return "dns" if protocol == "UDP" else "dns-tcp"
