"""Checks that the Secrets are there that settings name, with their keys: no pod starts without one that it mounts."""

from kubernetes import client

from telemetry.clients.kubernetes import find
from telemetry.operations.preflight.namespaces import is_yet_to_be_made
from telemetry.stack import Stack
from telemetry.stack.named_secrets import NamedSecret, named_secrets


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what is missing; nothing where we may not look, or the namespace is yet to be made."""
    made = stack.external_secrets.secrets if stack.external_secrets is not None else {}
    wanted = [each for each in named_secrets(stack) if not (each.optional or each.name in made)]
    if not wanted or is_yet_to_be_made(stack, api):
        return []
    found = (_finding(api, each.namespace or stack.namespace.name, each) for each in wanted)
    return [line for line in found if line is not None]


def _finding(api: client.ApiClient, namespace: str, wanted: NamedSecret) -> str | None:
    try:
        found = find(api, f"/api/v1/namespaces/{namespace}/secrets/{wanted.name}")
    except client.ApiException:
        return None
    if found is None:
        keys = f", with {' and '.join(wanted.keys)}" if wanted.keys else ""
        return f"telemetry:{wanted.setting}: there is no Secret {wanted.name} in {namespace}; make it{keys}"
    there = found.get("data") or {}
    if missing := [key for key in wanted.keys if key not in there]:
        return (
            f"telemetry:{wanted.setting}: Secret {wanted.name} has no {' and no '.join(missing)}; it has "
            f"{', '.join(sorted(there)) or 'nothing'}; say which key is which, or add what is missing"
        )
    return None
