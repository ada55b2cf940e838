"""Checks that no Helm release is half-way, or has failed and left something behind.

Helm refuses to touch the first, in words that name no way out. The second it merges with what was deployed before, so
that what the failed revision had added stays, and an ordered StatefulSet never replaces a pod that was never ready.
"""

from collections.abc import Mapping, Sequence

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import METADATA_LIST, ClusterError, get
from telemetry.config.targets import make
from telemetry.kubernetes.revisions import GOOD, HALF_WAY, additions, manifest
from telemetry.operations.readiness.ask import ask
from telemetry.releases import releases_of
from telemetry.stack import Stack


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way; nothing where we may not look."""
    revisions = _revisions(api, stack.namespace.name)
    ours = {each.name for each in releases_of(stack)}
    newest = {name: status for name, status in sorted(_newest(revisions).items()) if name in ours}
    half_way = [
        f"release {name} of namespace {stack.namespace.name} is {status}: a run on it was killed, or is at work; "
        f"if none is: {make('repair', stack.environment)}"
        for name, status in newest.items()
        if status in HALF_WAY
    ]
    failed = [name for name, status in newest.items() if status == "failed"]
    return [*half_way, *(line for name in failed if (line := _failed(api, stack, name, revisions)))]


def _failed(api: client.ApiClient, stack: Stack, name: str, revisions: Sequence[Mapping[str, str]]) -> str | None:
    """Return why an upgrade would not mend a failed release; None if it would, or it cannot be told."""
    of_it = {int(labels["version"]): labels["status"] for labels in revisions if labels["name"] == name}
    good = max((number for number, status in of_it.items() if status in GOOD), default=None)
    if good is None:  # the first one: Helm merges with it
        return None
    why = _leftover(api, stack, name, good, [number for number in of_it if number > good]) or _waits(stack, name)
    repair = make("repair", stack.environment)
    return f"release {name} of namespace {stack.namespace.name} has failed, and {why}; {repair}" if why else None


def _leftover(api: client.ApiClient, stack: Stack, name: str, good: int, failed: Sequence[int]) -> str | None:
    try:
        before = _manifest(api, stack, name, good)
        added = [line for each in failed for line in additions(before, _manifest(api, stack, name, each))]
    except (KeyError, ValueError, client.ApiException, urllib3.exceptions.HTTPError):
        return None
    more = f" and {len(added) - 1} more" if len(added) > 1 else ""
    return f"Helm would leave in the cluster what it has added ({added[0]}{more})" if added else None


def _waits(stack: Stack, name: str) -> str | None:
    try:
        waiting = [each for each in ask(stack).unready if each.release == name and each.ordered]
    except ClusterError:
        return None
    return f"{waiting[0]}: Kubernetes would not replace a pod that never became ready" if waiting else None


def _manifest(api: client.ApiClient, stack: Stack, name: str, revision: int) -> str:
    return manifest(
        get(api, f"/api/v1/namespaces/{stack.namespace.name}/secrets/sh.helm.release.v1.{name}.v{revision}")
    )


def ours_are_there(api: client.ApiClient, stack: Stack) -> bool:
    """Whether anything of the stack has been deployed already. Raises what the client raises."""
    ours = {each.name for each in releases_of(stack)}
    return any(labels["name"] in ours for labels in _revisions(api, stack.namespace.name))


def _revisions(api: client.ApiClient, namespace: str) -> list[dict[str, str]]:
    """Return the labels of every revision that Helm keeps in a namespace. Raises what the client raises.

    What it keeps of one is large, and secret; its labels say enough.
    """
    listed = get(api, f"/api/v1/namespaces/{namespace}/secrets", accept=METADATA_LIST, labelSelector="owner=helm")
    return [each["metadata"]["labels"] for each in listed.get("items") or ()]


def _newest(revisions: list[dict[str, str]]) -> dict[str, str]:
    """Return the status of each release. An earlier revision that was rolled back stays `pending-upgrade` for good."""
    ordered = sorted(revisions, key=lambda labels: int(labels["version"]))
    return {labels["name"]: labels["status"] for labels in ordered}
