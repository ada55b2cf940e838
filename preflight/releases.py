"""Is a Helm release of ours half-way? Helm refuses to touch it then, in words that name no way out."""

import urllib3
from kubernetes import client

from cluster_client import UNUSABLE, api_client, get
from helm.releases import releases_of
from settings import Stack

_HALF_WAY = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""What Helm keeps of a revision is large, and secret; its labels say enough."""


def check(stack: Stack) -> list[str]:
    """Return what stands in the way; nothing where we may not look, or nobody answers (`cluster.check` tells)."""
    try:
        api = api_client(stack.kubernetes.kubeconfig_file, stack.kubernetes.context)
        revisions = _revisions(api, stack.namespace.name)
    except (*UNUSABLE, client.ApiException, urllib3.exceptions.HTTPError):
        return []
    ours = {each.name for each in releases_of(stack)}
    return [
        f"release {name} of namespace {stack.namespace.name} is {status}: a run on it was killed, or is at work; "
        f"if none is: make repair STACK={stack.environment}"
        for name, status in sorted(_newest(revisions).items())
        if name in ours and status in _HALF_WAY
    ]


def ours_are_there(api: client.ApiClient, stack: Stack) -> bool:
    """Whether anything of the stack has been deployed already. Raises what the client raises."""
    ours = {each.name for each in releases_of(stack)}
    return any(labels["name"] in ours for labels in _revisions(api, stack.namespace.name))


def _revisions(api: client.ApiClient, namespace: str) -> list[dict[str, str]]:
    """Return the labels of every revision that Helm keeps in a namespace. Raises what the client raises."""
    listed = get(api, f"/api/v1/namespaces/{namespace}/secrets", accept=_METADATA_ONLY, labelSelector="owner=helm")
    return [each["metadata"]["labels"] for each in listed.get("items", [])]


def _newest(revisions: list[dict[str, str]]) -> dict[str, str]:
    """Return the status of each release. An earlier revision that was rolled back stays `pending-upgrade` for good."""
    ordered = sorted(revisions, key=lambda labels: int(labels["version"]))
    return {labels["name"]: labels["status"] for labels in ordered}
