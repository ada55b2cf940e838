"""Checks that the cluster has the kinds that are not Kubernetes' own, that we may make ours, and what ours name.

Without that an `up` would fail half-way, at the first object of such a kind.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from kubernetes import client

from telemetry.clients.kubernetes import find, kinds, may
from telemetry.gateway.expose import objects_of as ways_in
from telemetry.monitoring import operator
from telemetry.stack import Stack
from telemetry.stack.external_secrets import GROUP
from telemetry.stack.external_secrets import objects_of as external_secrets

_Served = Callable[[str], Mapping[str, str]]
"""What `kinds` says of an API version, of which the cluster is asked once."""
_BUILT_IN = ("v1", "networking.k8s.io/v1")


class _Kind(NamedTuple):
    setting: str
    """What asks for it."""
    version: str
    """Its API version."""
    name: str
    namespace: str | None = None
    """Where we make one; None: we make none, and ours name one."""


class _Place(NamedTuple):
    """An object that exists already."""

    setting: str
    version: str
    kind: str
    name: str
    namespace: str | None


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what is missing; nothing where we may not look."""
    wanted, named = [*dict.fromkeys(_kinds(stack))], [*_named(stack)]
    if not wanted:
        return []
    served = cache(partial(kinds, api))
    missing = [line for each in wanted for line in _missing_kind(api, served, each)]
    return [*dict.fromkeys(missing)] or [
        *(line for each in wanted for line in _forbidden(api, served, each)),
        *(line for each in named for line in _missing_object(api, served, each)),
    ]


def _kinds(stack: Stack) -> Iterator[_Kind]:
    here = stack.namespace.name
    for each in ways_in(stack):
        if each["apiVersion"] not in _BUILT_IN:
            yield _Kind("gateway.expose.kind", each["apiVersion"], each["kind"], here)
    for each in external_secrets(stack):
        yield _Kind("external_secrets", each["apiVersion"], each["kind"], here)
    for issuer in _issuers(stack):
        yield _Kind(issuer.setting, issuer.version, "Certificate", here)
    for of_others in (*_gateways(stack), *_issuers(stack)):
        yield _Kind(of_others.setting, of_others.version, of_others.kind)
    of_operator = {"PrometheusRule": operator.prometheus_rules, "PodMonitor": operator.pod_monitors}
    for setting, kind in operator.kinds_of(stack).items():
        for made in of_operator[kind](stack):
            yield _Kind(setting, f"{operator.GROUP}/{operator.VERSION}", kind, made.namespace)


def _named(stack: Stack) -> Iterator[_Place]:
    yield from _gateways(stack)
    yield from _issuers(stack)
    if (wanted := stack.external_secrets) is not None:
        local = wanted.store.kind == "SecretStore"
        yield _Place(
            "external_secrets.store",
            f"{GROUP}/{wanted.version}",
            wanted.store.kind,
            wanted.store.name,
            stack.namespace.name if local else None,
        )


def _gateways(stack: Stack) -> Iterator[_Place]:
    """Yield the Gateway that TLSRoutes are of."""
    parent = stack.gateway.expose.parent if stack.gateway is not None and stack.gateway.expose is not None else None
    if parent is not None:
        version = "gateway.networking.k8s.io/v1"
        yield _Place("gateway.expose.parent", version, "Gateway", parent.name, parent.namespace)


def _issuers(stack: Stack) -> Iterator[_Place]:
    """Yield who is to issue the gateway's certificate."""
    issuer = stack.gateway.certificate.issuer if stack.gateway is not None else None
    if issuer is not None:
        local = issuer.kind == "Issuer"
        yield _Place(
            "gateway.certificate.issuer",
            "cert-manager.io/v1",
            issuer.kind,
            issuer.name,
            stack.namespace.name if local else None,
        )


def _forbidden(api: client.ApiClient, served: _Served, wanted: _Kind) -> Iterator[str]:
    if wanted.namespace is None:
        return
    group, plural = wanted.version.partition("/")[0], served(wanted.version)[wanted.name]
    if not may(api, "create", plural, group=group, namespace=wanted.namespace):
        yield (
            f"telemetry:{wanted.setting}: you may not create {plural}.{group} in {wanted.namespace}; have somebody "
            "grant you that, or do without"
        )


def _missing_kind(api: client.ApiClient, served: _Served, wanted: _Kind) -> Iterator[str]:
    if wanted.name in served(wanted.version):
        return
    group = wanted.version.partition("/")[0]
    versions = [str(each["version"]) for each in (find(api, f"/apis/{group}") or {}).get("versions", ())]
    others = [version for version in versions if wanted.name in served(f"{group}/{version}")]
    yield (
        f"telemetry:{wanted.setting}: the cluster has no {wanted.name} of {wanted.version}"
        + (f", but of {', '.join(others)}; say that version" if others else "; have it installed, or do without")
    )


def _missing_object(api: client.ApiClient, served: _Served, wanted: _Place) -> Iterator[str]:
    plural = served(wanted.version).get(wanted.kind)
    within = f"/namespaces/{wanted.namespace}" if wanted.namespace else ""
    try:
        found = find(api, f"/apis/{wanted.version}{within}/{plural}/{wanted.name}")
    except client.ApiException:
        return  # not for us to see
    where = f" in {wanted.namespace}" if wanted.namespace else ""
    if found is None:
        yield f"telemetry:{wanted.setting}: there is no {wanted.kind} {wanted.name}{where}; make it, or correct it"
    elif _is_refused(found):
        yield (
            f"telemetry:{wanted.setting}: {wanted.kind} {wanted.name}{where} says that it is not ready; look why with: "
            f"kubectl describe {wanted.kind.lower()} {wanted.name}"
        )


def _is_refused(found: Mapping[str, Any]) -> bool:
    """Whether an object says itself that it is not ready; one that says nothing has not been looked at yet."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "False" for each in conditions)
