"""Checks that whoever deploys may give the collector's pods the rights that they need.

Who makes a Role must have what is in it, or the verb `escalate` (kubernetes.io/docs/reference/access-authn-authz/rbac).
"""

from collections.abc import Iterator

from kubernetes import client

from telemetry.clients.kubernetes import may
from telemetry.collector.rights import namespaces_of, rules_of
from telemetry.config.collector import Collector
from telemetry.stack import Stack

_RBAC = "rbac.authorization.k8s.io"


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way."""
    collector = stack.collector
    if collector is None or not collector.deploys:
        return []
    namespaces = namespaces_of(stack, collector)
    found = [list(_missing(api, collector, each)) for each in (("",) if namespaces is None else namespaces)]
    key = "telemetry:collector.pod_logs" if collector.pod_logs else "telemetry:monitoring.scrape"
    return [
        f"{key}: you may not {', '.join(missing)}, so the collector cannot be given its rights; have somebody grant "
        "you that, or change the setting"
        for missing in found
        if missing
    ]


def _missing(api: client.ApiClient, collector: Collector, namespace: str) -> Iterator[str]:
    """Yield what is missing in a namespace, or everywhere."""
    of, place = ("", f" in {namespace}") if namespace else ("cluster", " in all namespaces")
    for resource in (f"{of}roles", f"{of}rolebindings"):
        if not may(api, "create", resource, namespace=namespace, group=_RBAC):
            yield f"create {resource}{place}"
    if may(api, "escalate", f"{of}roles", namespace=namespace, group=_RBAC):
        return
    for rule in rules_of(collector):
        for verb in rule["verbs"]:
            if not may(api, verb, rule["resources"][0], namespace=namespace):
                yield f"{verb} {rule['resources'][0]}{place}"
