"""Checks that the Secrets are there with which nodes log in to a registry: without one no pod of the stack starts."""

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import METADATA_ONLY, UNUSABLE, api_client, find
from telemetry.stack import Stack


def check(stack: Stack) -> list[str]:
    """Return what is missing; nothing where we may not look, nobody answers, or the namespace is yet to be made."""
    if stack.namespace.create or not stack.images.pull_secrets:
        return []
    try:
        api = api_client(stack.kubernetes)
    except UNUSABLE:
        return []
    return [
        f"telemetry:images.pull_secrets: {name!r} does not exist in {stack.namespace.name}, so no image could be "
        f"pulled; make it with: kubectl create secret docker-registry {name} -n {stack.namespace.name} …"
        for name in stack.images.pull_secrets
        if _is_missing(api, f"/api/v1/namespaces/{stack.namespace.name}/secrets/{name}")
    ]


def _is_missing(api: client.ApiClient, path: str) -> bool:
    try:
        return find(api, path, accept=METADATA_ONLY) is None
    except (client.ApiException, urllib3.exceptions.HTTPError, ValueError):
        return False
