"""Checks that the cluster knows the objects of the Prometheus operator that the settings ask for."""

from collections.abc import Iterator

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import UNUSABLE, api_client, find
from telemetry.monitoring.operator import GROUP, VERSION, kinds_of
from telemetry.stack import Stack


def check(stack: Stack) -> list[str]:
    """Return what stands in the way; nothing where nobody answers (`cluster.check` tells)."""
    kinds = kinds_of(stack)
    if not kinds:
        return []
    try:
        return list(_unknown(api_client(stack.kubernetes), kinds))
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
