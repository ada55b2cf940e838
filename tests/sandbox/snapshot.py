"""All that a stack has made, as it is: every object of its namespace, its buckets, its datasources.

Left out is what controllers and the API server write, and nothing else: no default is filled in, and nothing is
brought into another form but the YAML in ConfigMaps.
"""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from kubernetes import client

from telemetry.kubernetes.diff import diff, text
from tests.sandbox.deployment import Deployment

Identity = tuple[str, str, str]
"""System, kind and name."""
Snapshot = dict[Identity, dict[str, Any]]
Fields = dict[str, tuple[str, Any, Any]]
"""Path to what happens there, and the values before and after."""

_WRITTEN_BY_CONTROLLERS = {"Endpoints", "EndpointSlice", "Event", "Lease", "PersistentVolumeClaim", "Pod"}
_SERVER = ("creationTimestamp", "generation", "managedFields", "ownerReferences", "resourceVersion", "uid")
_REVISION = "deployment.kubernetes.io/revision"


def take(deployment: Deployment) -> Snapshot:
    """Return what is there now."""
    found = {("kubernetes", it["kind"], it["metadata"]["name"]): _own(it) for it in _objects(deployment)}
    for name in deployment.buckets():
        found["s3", "Bucket", name] = {}
    for uid in deployment.datasources():
        found["grafana", "DataSource", uid] = _datasource(deployment, uid)
    return found


def changes(before: Snapshot, after: Snapshot) -> dict[Identity, str | Fields]:
    """Return what has become of each thing: `create`, `delete`, or the fields that changed."""
    found: dict[Identity, str | Fields] = {}
    for key in {*before, *after}:
        if key not in before or key not in after:
            found[key] = "create" if key in after else "delete"
        elif before[key] != after[key]:
            found[key] = {text(each.path): (each.op, each.old, each.new) for each in diff(before[key], after[key])}
    _leave_to_autoscalers(found, before, after)
    return found


def _leave_to_autoscalers(found: dict[Identity, str | Fields], before: Snapshot, after: Snapshot) -> None:
    """Drop the replicas that an autoscaler has chosen: as what they became, or as what they were."""
    for name in _scaled(before) | _scaled(after):
        fields = found.get(("kubernetes", "Deployment", name))
        if isinstance(fields, dict) and "spec.replicas" in fields:
            _, _, new = fields.pop("spec.replicas")
            if name not in _scaled(after):
                fields["spec.replicas"] = "add", None, new
            elif not fields:
                del found["kubernetes", "Deployment", name]


def _scaled(snapshot: Snapshot) -> set[str]:
    return {
        it["spec"]["scaleTargetRef"]["name"] for (_, kind, _), it in snapshot.items() if kind.endswith("Autoscaler")
    }


def _objects(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """Yield every object of the namespace that nobody but a person or a program can have made, and the namespace."""
    api = deployment.core.api_client
    groups = [_get(api, f"/apis/{group['preferredVersion']['groupVersion']}") for group in _get(api, "/apis")["groups"]]
    for group in (_get(api, "/api/v1"), *groups):
        root = "/api/v1" if group["groupVersion"] == "v1" else f"/apis/{group['groupVersion']}"
        for resource in group["resources"]:
            kind, name = resource["kind"], resource["name"]
            if resource["namespaced"] and "list" in resource["verbs"] and kind not in _WRITTEN_BY_CONTROLLERS:
                listed = _get(api, f"{root}/namespaces/{deployment.namespace}/{name}")["items"]
                yield from ({"kind": kind, **it} for it in listed if not _is_others(kind, it))
    yield {"kind": "Namespace", **_get(api, f"/api/v1/namespaces/{deployment.namespace}")}


def _get(api: client.ApiClient, path: str) -> Any:
    answer = api.call_api(*api.param_serialize("GET", path, auth_settings=["BearerToken"]))
    return json.loads(answer.read())


def _is_others(kind: str, it: dict[str, Any]) -> bool:
    name = it["metadata"]["name"]
    made_for_every_namespace = (kind, name) in (("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"))
    helms_own = it.get("type") == "helm.sh/release.v1"
    return made_for_every_namespace or helms_own or bool(it["metadata"].get("ownerReferences"))


def _own(it: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in it["metadata"].items() if key not in _SERVER}
    if "annotations" in metadata:
        metadata["annotations"] = {key: value for key, value in metadata["annotations"].items() if key != _REVISION}
    own = {**{key: value for key, value in it.items() if key != "status"}, "metadata": metadata}
    if it["kind"] == "ConfigMap":
        own["data"] = {key: _parsed(key, value) for key, value in it.get("data", {}).items()}
    return own


def _parsed(key: str, value: str) -> Any:
    return yaml.safe_load(value) if key.endswith(".yaml") else value


def _datasource(deployment: Deployment, uid: str) -> dict[str, Any]:
    found = deployment.grafana("GET", f"/api/datasources/uid/{uid}").json()
    return {key: value for key, value in found.items() if key not in ("id", "version", "readOnly", "typeLogoUrl")}
