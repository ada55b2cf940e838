"""Brings an object to the form in which the API server keeps it, as far as charts and the server differ in it.

What a chart leaves out the server fills in, and what says nothing it drops. With both done, a field that differs
between two manifests differs on the server as well, and the other way round.
"""

import base64
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

Object = dict[str, Any]
"""A Kubernetes object."""

CLUSTER_SCOPED = frozenset(
    {
        "APIService", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "IngressClass",
        "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass", "RuntimeClass",
        "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration", "VolumeAttributesClass",
    }
)  # fmt: skip
_WRITTEN_BY_THE_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_DROPPED_IF_EMPTY = ("annotations", "data", "labels", "limits", "matchLabels", "nodeSelector", "requests", "stringData")
_QUANTITIES = ("requests", "limits", "hard")

_POD: Object = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER: Object = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PROBE: Object = {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1}
_PORT: Object = {"protocol": "TCP"}
_FILE_MODE: Object = {"defaultMode": 420}


def normal(given: Object, namespace: str) -> Object:
    """Return an object as the API server would keep it; `namespace` is where it goes if it does not say."""
    result: Object = _tidy(deepcopy(given)) or {}
    result.pop("status", None)
    metadata = result.setdefault("metadata", {})
    for key in _WRITTEN_BY_THE_SERVER:
        metadata.pop(key, None)
    kind = result.get("kind", "")
    if kind not in CLUSTER_SCOPED and namespace:
        metadata.setdefault("namespace", namespace)
    fill = _BY_KIND.get(kind)
    if fill is not None:
        fill(result)
    return result


def _tidy(value: Any, key: str = "") -> Any:
    """Return a value without what says nothing, its quantities written as the server writes them."""
    if isinstance(value, dict):
        tidied = {str(name): _tidy(each, str(name)) for name, each in value.items()}
        kept = {name: each for name, each in tidied.items() if each is not None}
        return None if not kept and key in _DROPPED_IF_EMPTY else _quantities(kept, key)
    if isinstance(value, list):
        return [_tidy(each) for each in value] or None
    return value


def _quantities(amounts: Object, key: str) -> Object:
    if key not in _QUANTITIES:
        return amounts
    return {name: canonical(each) if isinstance(each, str | int | float) else each for name, each in amounts.items()}


def canonical(amount: str | float) -> str:
    """Return a quantity as the API server writes it (`0.5` is `500m`, `1024Mi` is `1Gi`); what is none, as it is."""
    text = str(amount)
    with suppress(ValueError):
        number = Decimal(parse_quantity(text))
        if number % 1:
            return f"{number * 1000:f}".rstrip("0").rstrip(".") + "m" if number * 1000 % 1 == 0 else text
        base, suffixes = (1024, "KMGTPE") if text.endswith("i") else (1000, "kMGTPE")
        power = 0
        while number and power < len(suffixes) and number % base == 0:
            number, power = number / base, power + 1
        suffix = suffixes[power - 1] + ("i" if base == 1024 else "") if power else ""
        return f"{number:f}".partition(".")[0] + suffix
    return text


def _fill(value: Any, defaults: Object) -> None:
    if isinstance(value, dict):
        for key, default in defaults.items():
            value.setdefault(key, deepcopy(default))


def _of(value: Any, key: str) -> Object:
    """Return the mapping under a key, or one that belongs to nothing."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _each(value: Any, key: str) -> list[Object]:
    found = value.get(key) if isinstance(value, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _pod_template(spec: Object) -> None:
    pod = _of(_of(spec, "template"), "spec")
    if not pod:
        return
    _fill(pod, _POD)
    pod.pop("serviceAccount", None)  # the server's old name for serviceAccountName
    for container in (*_each(pod, "containers"), *_each(pod, "initContainers")):
        _container(container)
    for volume in _each(pod, "volumes"):
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if source in volume:
                _fill(volume[source], _FILE_MODE)


def _container(container: Object) -> None:
    tag = str(container.get("image", "")).rpartition("/")[2].partition(":")[2]
    _fill(container, {**_CONTAINER, "imagePullPolicy": "Always" if tag in ("", "latest") else "IfNotPresent"})
    resources = _of(container, "resources")
    if "limits" in resources:
        resources["requests"] = {**resources["limits"], **resources.get("requests", {})}
    for port in _each(container, "ports"):
        _fill(port, _PORT)
    for variable in _each(container, "env"):
        _fill(_of(variable, "valueFrom").get("fieldRef"), {"apiVersion": "v1"})
        if variable.get("value") == "":
            del variable["value"]
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        _fill(container.get(name), _PROBE)
        _fill(_of(container, name).get("httpGet"), {"scheme": "HTTP"})


def _deployment(it: Object) -> None:
    spec = _of(it, "spec")
    _fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, "strategy": {}})
    _fill(spec.get("strategy"), {"type": "RollingUpdate"})
    if _of(spec, "strategy").get("type") == "RollingUpdate":
        _fill(spec["strategy"], {"rollingUpdate": {}})
        _fill(spec["strategy"]["rollingUpdate"], {"maxSurge": "25%", "maxUnavailable": "25%"})
    _pod_template(spec)


def _stateful_set(it: Object) -> None:
    spec = _of(it, "spec")
    _fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"})
    _fill(spec, {"updateStrategy": {}, "persistentVolumeClaimRetentionPolicy": {}})
    _fill(spec.get("persistentVolumeClaimRetentionPolicy"), {"whenDeleted": "Retain", "whenScaled": "Retain"})
    _fill(spec.get("updateStrategy"), {"type": "RollingUpdate"})
    if _of(spec, "updateStrategy").get("type") == "RollingUpdate":
        _fill(spec["updateStrategy"], {"rollingUpdate": {}})
        _fill(spec["updateStrategy"]["rollingUpdate"], {"partition": 0})
    for claim in _each(spec, "volumeClaimTemplates"):
        _fill(claim, {"apiVersion": "v1", "kind": "PersistentVolumeClaim"})
        _fill(_of(claim, "spec"), {"volumeMode": "Filesystem"})
        claim.pop("status", None)
        claim["name"] = _of(claim, "metadata").get("name", "")  # what tells one claim from another
    _pod_template(spec)


def _service(it: Object) -> None:
    spec = _of(it, "spec")
    _fill(spec, {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"})
    for port in _each(spec, "ports"):
        _fill(port, {**_PORT, "targetPort": port.get("port")})


def _secret(it: Object) -> None:
    _fill(it, {"type": "Opaque"})
    written = it.pop("stringData", None)
    if isinstance(written, dict):
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in written.items()}
        it["data"] = {**_of(it, "data"), **encoded}


def _any_workload(it: Object) -> None:
    _pod_template(_of(it, "spec"))


def _cron_job(it: Object) -> None:
    _pod_template(_of(_of(_of(it, "spec"), "jobTemplate"), "spec"))


_BY_KIND: dict[str, Callable[[Object], None]] = {
    "CronJob": _cron_job,
    "DaemonSet": _any_workload,
    "Deployment": _deployment,
    "Job": _any_workload,
    "Secret": _secret,
    "Service": _service,
    "StatefulSet": _stateful_set,
}
