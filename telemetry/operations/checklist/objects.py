"""The Prometheus operator's objects as the cluster has them."""

from typing import Any

import urllib3
from kubernetes import client

from telemetry.monitoring.operator import GROUP, PLURALS, VERSION, OperatorObject
from telemetry.operations.checklist.model import Given
from telemetry.spec.checks import CheckFailed

_TIMEOUT_SECONDS = 10
_ABSENT = 404


def live_spec(given: Given, wanted: OperatorObject) -> dict[str, Any] | None:
    """Return the spec that an object has in the cluster; None where there is none.

    Raises:
        CheckFailed: the cluster does not show it.
    """
    place = GROUP, VERSION, wanted.namespace, PLURALS[wanted.kind], wanted.name
    try:
        found = client.CustomObjectsApi(given.cluster).get_namespaced_custom_object(
            *place, _request_timeout=_TIMEOUT_SECONDS
        )
    except client.ApiException as error:
        if error.status == _ABSENT:
            return None
        raise CheckFailed(f"the cluster does not show {wanted.kind} {wanted.name}: {error.status}") from None
    except urllib3.exceptions.HTTPError:
        raise CheckFailed("the cluster does not answer") from None
    spec: dict[str, Any] = found["spec"]
    return spec


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
    try:
        pods = client.CoreV1Api(given.cluster).list_namespaced_pod(
            namespace, label_selector=selector, _request_timeout=_TIMEOUT_SECONDS
        )
    except client.ApiException as error:
        raise CheckFailed(f"the cluster does not show the pods of {namespace}: {error.status}") from None
    except urllib3.exceptions.HTTPError:
        raise CheckFailed("the cluster does not answer") from None
    return sum(_is_ready(pod) and _has(pod, port) for pod in pods.items)


def _is_ready(pod: client.V1Pod) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or ())


def _has(pod: client.V1Pod, number: int) -> bool:
    return any(port.container_port == number for each in pod.spec.containers for port in each.ports or ())
