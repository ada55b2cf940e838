"""Checks that the cluster's DNS is as the settings say: nginx does not start without it, and uses its domain."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from kubernetes import client

from telemetry.clients.kubernetes import find
from telemetry.config.connections import Kubernetes
from telemetry.stack import Stack

_KEY = "telemetry:kubernetes"
_ZONE = re.compile(r"^\s*kubernetes\s+(\S+)", re.MULTILINE)
"""The domain in CoreDNS' Corefile."""


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way; nothing where we may not look."""
    cluster = stack.kubernetes
    service = find(api, f"/api/v1/namespaces/{cluster.dns.namespace}/services/{cluster.dns.name}")
    if service is None:
        name = f"{cluster.dns.name}.{cluster.dns.namespace}"
        return [
            f"{_KEY}.dns_service: {name} is not on the cluster of context {cluster.context!r}, and nginx does not "
            "start without it; name the Service of the cluster's DNS (kubectl get services -A | grep -i dns)"
        ]
    return [*_families(cluster, service), *_domain(api, cluster)]


def _families(cluster: Kubernetes, service: dict[str, Any]) -> Iterator[str]:
    addresses = [each for each in service.get("spec", {}).get("clusterIPs", []) if each != "None"]
    theirs = [f"IPv{ipaddress.ip_address(each).version}" for each in addresses]
    if theirs and not set(theirs) & set(cluster.ip_families):
        yield (
            f"{_KEY}.ip_families: {', '.join(cluster.ip_families)}, and the cluster's DNS has {', '.join(addresses)} "
            f"only; set it to [{', '.join(theirs)}]"
        )


def _domain(api: client.ApiClient, cluster: Kubernetes) -> Iterator[str]:
    actual = _openshifts_domain(api) if cluster.platform == "openshift" else _corednss_domain(api, cluster)
    if actual is not None and actual != cluster.cluster_domain:
        yield (
            f"{_KEY}.cluster_domain: {cluster.cluster_domain}, and the cluster's is {actual}; no name would be found; "
            f"set it to {actual}"
        )


def _openshifts_domain(api: client.ApiClient) -> str | None:
    found = find(api, "/apis/operator.openshift.io/v1/dnses/default") or {}
    domain = found.get("status", {}).get("clusterDomain")
    return domain if isinstance(domain, str) else None


def _corednss_domain(api: client.ApiClient, cluster: Kubernetes) -> str | None:
    """Return the domain in CoreDNS' configuration, which is called as its Service, or `coredns` (kubeadm)."""
    for name in (cluster.dns.name, "coredns"):
        found = find(api, f"/api/v1/namespaces/{cluster.dns.namespace}/configmaps/{name}") or {}
        if zone := _ZONE.search(found.get("data", {}).get("Corefile", "")):
            return zone[1].rstrip(".")
    return None
