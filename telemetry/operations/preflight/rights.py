"""Checks that whoever deploys may give the collector's pods the rights that they need.

Who makes a Role must have what is in it, or the verb `escalate` (kubernetes.io/docs/reference/access-authn-authz/rbac).
"""

import json
from collections.abc import Iterator

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import UNUSABLE, api_client, call
from telemetry.collector.rights import namespaces_of, rules_of
from telemetry.config.collector import Collector
from telemetry.stack import Stack

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RBAC = "rbac.authorization.k8s.io"
_CREATED = 201


def check(stack: Stack) -> list[str]:
    """Return what stands in the way; nothing where nobody answers (`cluster.check` tells)."""
    collector = stack.collector
    if collector is None or not collector.deploys:
        return []
    namespaces = namespaces_of(stack, collector)
    try:
        api = api_client(stack.kubernetes)
        found = [list(_missing(api, collector, each)) for each in (("",) if namespaces is None else namespaces)]
    except (*UNUSABLE, urllib3.exceptions.HTTPError):
        return []
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
        if not _may(api, "create", resource, namespace, group=_RBAC):
            yield f"create {resource}{place}"
    if _may(api, "escalate", f"{of}roles", namespace, group=_RBAC):
        return
    for rule in rules_of(collector):
        for verb in rule["verbs"]:
            if not _may(api, verb, rule["resources"][0], namespace):
                yield f"{verb} {rule['resources'][0]}{place}"


def _may(api: client.ApiClient, verb: str, resource: str, namespace: str, *, group: str = "") -> bool:
    """Ask whether we may; who does not answer that says nothing against it."""
    name, _, part = resource.partition("/")
    asked = {"verb": verb, "group": group, "resource": name, "subresource": part, "namespace": namespace}
    answer = call(api, "POST", _REVIEWS, body={"spec": {"resourceAttributes": asked}})
    if answer.status != _CREATED:
        return True
    try:
        return bool(json.loads(answer.body)["status"]["allowed"])
    except (ValueError, TypeError, KeyError):
        return True
