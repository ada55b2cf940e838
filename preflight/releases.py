"""Is a Helm release of ours half-way? Helm refuses to touch it then, in words that name no way out."""

import urllib3
from kubernetes import client

from cluster_client import UNUSABLE, api_client
from helm.releases import releases_of
from settings import Stack

_TIMEOUT_SECONDS = 10
_HALF_WAY = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
_SELECTOR = f"owner=helm,status in ({','.join(_HALF_WAY)})"
"""Of what Helm keeps in Secrets only such releases, which is hardly ever one: nothing else is sent to us."""


def check(stack: Stack) -> list[str]:
    """Return what stands in the way; nothing where we may not look, or nobody answers (`cluster.check` tells)."""
    try:
        api = client.CoreV1Api(api_client(stack.kubernetes.kubeconfig_file, stack.kubernetes.context))
        listed = api.list_namespaced_secret(
            stack.namespace.name, label_selector=_SELECTOR, _request_timeout=_TIMEOUT_SECONDS
        )
    except (*UNUSABLE, client.ApiException, urllib3.exceptions.HTTPError):
        return []
    ours = {each.name for each in releases_of(stack)}
    labels = [each.metadata.labels for each in listed.items]
    half_way = {each["name"]: each["status"] for each in labels if each["name"] in ours}
    return [
        f"release {name} of namespace {stack.namespace.name} is {status}: a run on it was killed, or is at work; "
        f"if none is: make repair STACK={stack.environment}"
        for name, status in sorted(half_way.items())
    ]
