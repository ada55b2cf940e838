"""Checks that namespaces of others are there in which we make objects, and that we may make quotas in tenants'."""

from collections.abc import Iterator

from kubernetes import client

from telemetry.clients.kubernetes import is_missing, may
from telemetry.monitoring.operator import kinds_of
from telemetry.stack import Stack
from telemetry.stack.existing import existing_of
from telemetry.stack.tenant_quotas import tenant_namespaces


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way."""
    watched = dict(_watched(stack)) if kinds_of(stack) else {}
    if is_yet_to_be_made(stack, api):
        watched = {key: name for key, name in watched.items() if name != stack.namespace.name}
    bounded = {f"{place}.name": each.name for place, each in tenant_namespaces(stack)}
    return [*_absent(api, watched | bounded)] or [*_forbidden(api, bounded)]


def is_yet_to_be_made(stack: Stack, api: client.ApiClient) -> bool:
    """Whether the stack's own namespace is one that this `up` makes, so that nothing can be in it."""
    return stack.namespace.create and is_missing(api, f"/api/v1/namespaces/{stack.namespace.name}")


def _watched(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield namespaces in which a Prometheus operator is told of somebody else's pods, by their setting."""
    for each in existing_of(stack):
        yield f"existing.{each.signal}.namespace", each.settings.namespace
    if (store := stack.monitoring.object_store) is not None:
        yield "monitoring.object_store.namespace", store.namespace


def _absent(api: client.ApiClient, named: dict[str, str]) -> Iterator[str]:
    for key, name in named.items():
        if is_missing(api, f"/api/v1/namespaces/{name}"):
            yield f"telemetry:{key}: {name!r} does not exist on the cluster; correct it"


def _forbidden(api: client.ApiClient, named: dict[str, str]) -> Iterator[str]:
    for key, name in named.items():
        if not may(api, "create", "resourcequotas", namespace=name):
            yield (
                f"telemetry:{key}: you may not create resourcequotas in {name}; have somebody grant you that, or "
                "remove it"
            )
