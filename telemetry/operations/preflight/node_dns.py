"""Checks that policies let pods ask a cache of DNS on their node, without which no name is found.

It is in the node's network, so no selector of pods finds it, and it takes the addresses that it is started with: its
own, and with kube-proxy's iptables that of the DNS Service. Source:
https://github.com/kubernetes/kubernetes/tree/master/cluster/addons/dns/nodelocaldns
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from kubernetes import client

from telemetry.clients.kubernetes import get
from telemetry.network.peers import neighbours_of
from telemetry.stack import Stack

_ADDRESSES = re.compile(r"-localip[= ]([0-9a-fA-F.:,]+)")


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way; nothing where we may not look."""
    if not stack.security.network_policies:
        return []
    namespace = stack.kubernetes.dns.namespace
    listed = get(api, f"/apis/apps/v1/namespaces/{namespace}/daemonsets")
    cidrs = [ipaddress.ip_network(each) for each in neighbours_of(stack).dns.place.cidrs]
    asked = dict.fromkeys(each for item in listed.get("items") or () for each in _addresses(item))
    closed = [each for each in asked if not any(ipaddress.ip_address(each) in cidr for cidr in cidrs)]
    if not closed:
        return []
    hosts = ", ".join(str(ipaddress.ip_network(each)) for each in closed)
    return [
        f"telemetry:security.dns.cidrs: lacks {hosts}, where a cache on each node answers for DNS, so NetworkPolicies "
        f"would keep pods from it and no name would be found; add that, beside namespaces with {namespace}"
    ]


def _addresses(daemon_set: dict[str, Any]) -> Iterator[str]:
    """Yield the addresses of a cache in the node's network; of one among pods, policies know the pods."""
    pods = daemon_set.get("spec", {}).get("template", {}).get("spec", {})
    for container in (pods.get("containers") or ()) if pods.get("hostNetwork") else ():
        words = " ".join((*(container.get("command") or ()), *(container.get("args") or ())))
        for found in _ADDRESSES.findall(words):
            yield from filter(None, found.split(","))
