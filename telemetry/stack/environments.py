"""Checks that nothing that a stack points at bears the name of another environment."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from telemetry.spec.context import Environment
from telemetry.stack.existing import existing_of
from telemetry.stack.model import Stack
from telemetry.stack.tenant_quotas import tenant_namespaces

_MARKS: dict[str, tuple[Environment, ...]] = {
    "dev": ("dev",),
    "development": ("dev",),
    "test": ("test",),
    "testing": ("test",),
    "prod": ("prod",),
    "production": ("prod",),
    "seaweedfs-ha": ("test", "prod"),  # R11; seaweedfs-dev says of itself whose it is
}
"""Words in a name, and whom that name then belongs to."""
_MARK = re.compile(rf"(?<![a-z0-9])({'|'.join(_MARKS)})(?![a-z0-9])")


def check(stack: Stack) -> list[str]:
    """Return a line for each value that belongs to another environment than the stack's."""
    return [
        f"telemetry:{key}: {value!r} belongs to {' and '.join(owners)}, but this stack is {stack.environment}; "
        f"give that of {stack.environment}: its name may have {stack.environment} in it, or no environment"
        for key, value, name in _values(stack)
        for owners in _other_environments(name, stack.environment)
    ]


def _values(stack: Stack) -> Iterator[tuple[str, str, str]]:
    """Yield key, value and the name in the value, of all that tells where a stack goes.

    A kubeconfig's path is left out: one file may hold the contexts of all environments.
    """
    yield "namespace.name", stack.namespace.name, stack.namespace.name
    yield "kubernetes.context", stack.kubernetes.context, stack.kubernetes.context
    if stack.kubernetes.cluster_identifier is not None:
        yield "kubernetes.cluster_identifier", (name := stack.kubernetes.cluster_identifier), name
    store = stack.object_store
    for key, url in (
        ("object_store.provisioning_endpoint", store.provisioning_endpoint),
        ("object_store.endpoint", store.endpoint),
        ("grafana.url", stack.grafana.url),
        *([("gateway.oidc.url", stack.gateway.oidc.url)] if stack.gateway and stack.gateway.oidc else ()),
    ):
        yield key, url, _without_top_domain(url)
    for backend in existing_of(stack):
        key, settings = f"existing.{backend.signal}", backend.settings
        yield f"{key}.namespace", settings.namespace, settings.namespace
        if settings.url is not None:
            yield f"{key}.url", settings.url, _without_top_domain(settings.url)
    for place, each in tenant_namespaces(stack):
        yield f"{place}.name", each.name, each.name
    if (pods := stack.monitoring.object_store) is not None:
        yield "monitoring.object_store.namespace", pods.namespace, pods.namespace
    for index, host in enumerate(stack.gateway.hosts if stack.gateway else ()):
        yield f"gateway.hosts.{index}", host, _without_top_domain(f"https://{host}")
    for host in stack.gateway.expose.names if stack.gateway and stack.gateway.expose else ():
        yield "gateway.expose.hosts", host, _without_top_domain(f"https://{host}")


def _without_top_domain(url: str) -> str:
    """Return an address without the last part of a public name: `.dev` and `.test` are domains like `.org`."""
    parts = urlsplit(url)
    labels = (parts.hostname or "").split(".")
    return ".".join(labels[:-1] if len(labels) > 2 else labels) + parts.path


def _other_environments(name: str, environment: Environment) -> Iterator[tuple[Environment, ...]]:
    """Yield the environments that a name belongs to, for the first word in it that is another environment's."""
    for mark in _MARK.findall(name.lower()):
        if environment not in _MARKS[mark]:
            yield _MARKS[mark]
            return
