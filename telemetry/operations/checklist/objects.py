"""Objects as the cluster has them."""

from collections.abc import Mapping
from typing import Any

from telemetry.clients.kubernetes import ClusterError, cluster_errors, find
from telemetry.monitoring.operator import GROUP, PLURALS, VERSION, OperatorObject
from telemetry.operations.checklist.model import Given
from telemetry.spec.checks import CheckFailed


def live(given: Given, path: str, what: str, **query: str) -> dict[str, Any] | None:
    """Return what the API server has at a path; None where there is none.

    Args:
        given: what there is to look with.
        path: the path.
        what: what it is, for people.
        query: parameters of the request.

    Raises:
        CheckFailed: the cluster does not show it.
    """
    try:
        with cluster_errors(given.stack.kubernetes.context):
            return find(given.cluster, path, **query)
    except ClusterError as error:
        raise CheckFailed(f"{what} cannot be seen: {error}") from None


def live_spec(given: Given, wanted: OperatorObject) -> dict[str, Any] | None:
    """Return the spec that an object of the Prometheus operator has in the cluster; None where there is none.

    Raises:
        CheckFailed: the cluster does not show it.
    """
    path = f"/apis/{GROUP}/{VERSION}/namespaces/{wanted.namespace}/{PLURALS[wanted.kind]}/{wanted.name}"
    found = live(given, path, f"{wanted.kind} {wanted.name}")
    return None if found is None else found.get("spec") or {}


def ready_pods(given: Given, namespace: str, selector: str, port: int) -> int:
    """Return how many pods of a namespace are ready and have a port of this number.

    Args:
        given: what there is to look with.
        namespace: the namespace.
        selector: a label selector, as `kubectl get pods -l` takes it.
        port: the number of the port.

    Raises:
        CheckFailed: the cluster does not show them.
    """
    pods = live(given, f"/api/v1/namespaces/{namespace}/pods", f"the pods of {namespace}", labelSelector=selector)
    return sum(_is_ready(pod) and _has(pod, port) for pod in (pods or {}).get("items") or ())


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _has(pod: Mapping[str, Any], number: int) -> bool:
    containers = (pod.get("spec") or {}).get("containers") or ()
    return any(port.get("containerPort") == number for each in containers for port in each.get("ports") or ())
