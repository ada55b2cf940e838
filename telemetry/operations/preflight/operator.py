"""Checks that the cluster knows the Prometheus operator's objects that settings ask for, and has their namespaces."""

from collections.abc import Iterator

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import UNUSABLE, api_client, find, is_missing
from telemetry.config.existing import ScrapedPods
from telemetry.monitoring.operator import GROUP, VERSION, kinds_of
from telemetry.stack import Stack
from telemetry.stack.existing import existing_of


def check(stack: Stack) -> list[str]:
    """Return what stands in the way; nothing where nobody answers (`cluster.check` tells)."""
    kinds = kinds_of(stack)
    if not kinds:
        return []
    try:
        api = api_client(stack.kubernetes)
        return [*_unknown(api, kinds), *_absent(api, stack)]
    except (*UNUSABLE, urllib3.exceptions.HTTPError, client.ApiException):
        return []


def _unknown(api: client.ApiClient, kinds: dict[str, str]) -> Iterator[str]:
    listed = (find(api, f"/apis/{GROUP}/{VERSION}") or {}).get("resources") or ()
    known = {each["kind"] for each in listed}
    for key, kind in kinds.items():
        if kind not in known:
            yield (
                f"telemetry:{key}: the cluster knows no {kind} ({GROUP}/{VERSION}); have a Prometheus operator "
                "installed, or choose another value"
            )


def _absent(api: client.ApiClient, stack: Stack) -> Iterator[str]:
    """Yield the namespaces of others in which objects are to be made, and which are not there."""
    places: dict[str, ScrapedPods] = {f"existing.{each.signal}": each.settings for each in existing_of(stack)}
    if stack.monitoring.object_store is not None:
        places["monitoring.object_store"] = stack.monitoring.object_store
    for key, pods in places.items():
        own = pods.namespace == stack.namespace.name
        if not own and is_missing(api, f"/api/v1/namespaces/{pods.namespace}"):
            yield f"telemetry:{key}.namespace: {pods.namespace!r} does not exist on the cluster; correct it"
