"""Checks that the Secrets are there with which nodes log in to a registry: without one no pod of the stack starts."""

from kubernetes import client

from telemetry.clients.kubernetes import is_missing
from telemetry.operations.preflight.namespaces import is_yet_to_be_made
from telemetry.stack import Stack


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what is missing; nothing where we may not look, or the namespace is yet to be made."""
    made = stack.external_secrets.secrets if stack.external_secrets is not None else {}
    wanted = [name for name in stack.images.pull_secrets if name not in made]
    if not wanted or is_yet_to_be_made(stack, api):
        return []
    secrets = f"/api/v1/namespaces/{stack.namespace.name}/secrets"
    return [
        f"telemetry:images.pull_secrets: {name!r} does not exist in {stack.namespace.name}, so no image could be "
        f"pulled; make it with: kubectl create secret docker-registry {name} -n {stack.namespace.name} …"
        for name in wanted
        if is_missing(api, f"{secrets}/{name}")
    ]
