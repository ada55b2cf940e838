"""What the values of every chart share: resources, security contexts and the way to the S3 credentials."""

from collections.abc import Mapping, Sequence
from typing import Any

from telemetry.config.existing_secrets import S3Secret
from telemetry.config.quantities import bytes_text, cpu_text
from telemetry.config.roles import Role
from telemetry.spec.context import Surroundings

Values = dict[str, Any]
"""Helm values: nested dicts, lists and scalars; None removes a chart's default."""

RESTRICTED_CONTAINER: Values = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
"""What PodSecurity `restricted` wants of a container, and a read-only image on top."""


def absolute_name(context: Surroundings, service: str, namespace: str | None = None) -> str:
    """Return a Service's name with the final dot: without it, resolvers search the domains of the pod and the node.

    A wildcard record in a node's domain would answer for it then (docs/decisions.md).
    """
    return f"{service}.{namespace or context.namespace.name}.svc.{context.kubernetes.cluster_domain}."


def any_address(context: Surroundings) -> str:
    """Return where a Go program listens for whoever reaches the pod; `[::]` is both families there."""
    return "[::]" if "IPv6" in context.kubernetes.ip_families else "0.0.0.0"  # noqa: S104 - a pod learns its address late


def resources(role: Role) -> Values:
    """Return requests, and the limits that the resource policy has for the role."""
    requests = {"cpu": cpu_text(role.cpu), "memory": bytes_text(role.memory)}
    if role.ephemeral_storage is not None:
        requests["ephemeral-storage"] = bytes_text(role.ephemeral_storage)
    limits: Values = {} if role.cpu_limit is None else {"cpu": cpu_text(role.cpu_limit)}
    if role.memory_limit is not None:
        limits["memory"] = bytes_text(role.memory_limit)
    return {"requests": requests, **({"limits": limits} if limits else {})}


def pod_security(platform: str) -> Values:
    """Return a pod security context that PodSecurity `restricted` and the platform both accept.

    OpenShift assigns user and group ids per namespace and refuses the charts' fixed ones, so they are removed.
    """
    ids: Values = {"runAsUser": None, "runAsGroup": None, "fsGroup": None} if platform == "openshift" else {}
    return {**ids, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def named(key: str, value: Mapping[str, Any] | Sequence[Any]) -> Values:
    """Return a key of the values, where there is anything to say."""
    return {key: value} if value else {}


def merged(values: Values, more: Values) -> Values:
    """Return values with more of them merged in as Helm does it: mappings key by key, everything else whole."""
    result = dict(values)
    for key, value in more.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def credentials_from(secret: S3Secret, variables: str = "extraEnv") -> Values:
    """Return the values by which pods learn their S3 key pair: only names enter them, so diffs stay readable.

    Args:
        secret: the Secret.
        variables: what the chart calls its list of variables, for a Secret whose keys are not called as these.
    """
    if not (renamed := renamed_variables(secret)):
        return {"extraEnvFrom": [{"secretRef": {"name": secret.name}}]}
    return {variables: [{"name": name, **source} for name, source in renamed.items()]}


def renamed_variables(secret: S3Secret) -> dict[str, Values]:
    """Return where each variable's value is in a Secret whose keys are not called as these; else nothing."""
    keys = secret.renamed_keys.items()
    return {name: {"valueFrom": {"secretKeyRef": {"name": secret.name, "key": key}}} for name, key in keys}
