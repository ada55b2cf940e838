"""Checks that somebody serves the metrics that autoscalers go by: without them, a number of pods stays as it is."""

from collections.abc import Iterator

from kubernetes import client

from telemetry.clients.kubernetes import find, get
from telemetry.config.autoscaling import Autoscaling
from telemetry.stack import Stack

_GROUPS = {
    "pods": "custom.metrics.k8s.io",
    "object": "custom.metrics.k8s.io",
    "external": "external.metrics.k8s.io",
}
_UNAVAILABLE = 503


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what is not served; nothing where we may not look."""
    settings: dict[str, str] = {}
    for key, scaling in _autoscaled(stack):
        for index, metric in enumerate(scaling.metrics):
            settings.setdefault(_GROUPS[metric.type], f"{key}.autoscaling.metrics.{index}")
    return [line for group, key in settings.items() for line in _finding(api, group, key)]


def _autoscaled(stack: Stack) -> Iterator[tuple[str, Autoscaling]]:
    """Yield what is autoscaled, by where the settings have it."""
    for size in (size for backend in stack.backends for size in backend.sizes):
        for name, role in size.roles.items():
            if role.autoscaling is not None:
                yield f"{size.key}.{name}", role.autoscaling
    if stack.gateway is not None and stack.gateway.autoscaling is not None:
        yield "telemetry:gateway", stack.gateway.autoscaling


def _finding(api: client.ApiClient, group: str, key: str) -> Iterator[str]:
    found = find(api, f"/apis/{group}")
    if found is None:
        yield (
            f"{key}: nobody serves {group} in the cluster; have an adapter installed, such as Prometheus Adapter or "
            "KEDA, or remove it"
        )
        return
    try:
        get(api, f"/apis/{found['preferredVersion']['groupVersion']}")
    except client.ApiException as error:
        if error.status == _UNAVAILABLE:
            yield f"{key}: the adapter that serves {group} does not answer; see to it (kubectl get apiservices)"
