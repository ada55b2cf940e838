"""Reads the objects that were deployed, of releases and of the program itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.engine.marks import SPECIAL_KEY
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.kubernetes.managed_fields import Json
from telemetry.kubernetes.manifests import documents, flatten_lists

_AUTOSCALER = "HorizontalPodAutoscaler"


@dataclass(frozen=True)
class RecordedRelease:
    """A release as the program's state has it."""

    name: str
    namespace: str
    values: Json
    """Without what is encrypted."""


def releases(export: Mapping[str, Any]) -> tuple[RecordedRelease, ...]:
    """Return the releases in a `pulumi stack export`."""
    inputs = (open_parts(each["inputs"]) for each in _resources(export) if each["type"] == RELEASE_TYPE)
    return tuple(RecordedRelease(each["name"], each["namespace"], each.get("values") or {}) for each in inputs)


def natives(export: Mapping[str, Any]) -> tuple[Json, ...]:
    """Return the Kubernetes objects in a `pulumi stack export` that are no part of a release, without their secrets."""
    kinds = (each for each in _resources(export) if each["type"].startswith("kubernetes:"))
    inputs = (open_parts(each["inputs"]) for each in kinds if each["type"] != RELEASE_TYPE)
    return tuple(each for each in inputs if "kind" in each and each.get("metadata", {}).get("name"))


def _resources(export: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in (export.get("deployment") or {}).get("resources") or []:
        if each.get("custom") and not each.get("delete"):
            yield each


def open_parts(value: Any) -> Any:
    """Return a value of the state without what is encrypted in it."""
    if isinstance(value, dict):
        return {key: open_parts(each) for key, each in value.items() if not _is_encrypted(each)}
    if isinstance(value, list):
        return [open_parts(each) for each in value if not _is_encrypted(each)]
    return value


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and SPECIAL_KEY in value


def parsed(manifest: str, release: RecordedRelease) -> tuple[Json, ...]:
    """Return the objects of a release's manifest, with the marks by which Helm knows its own."""
    return tuple(_marked(each, release) for each in flatten_lists(documents(manifest)))


def _marked(manifest: Json, release: RecordedRelease) -> Json:
    metadata = manifest["metadata"]
    marks = {"meta.helm.sh/release-name": release.name, "meta.helm.sh/release-namespace": release.namespace}
    labels = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    return {
        **manifest,
        "metadata": {**metadata, "labels": labels, "annotations": {**(metadata.get("annotations") or {}), **marks}},
    }


def scaled(objects: Iterable[Json]) -> frozenset[tuple[str, str]]:
    """Return kind and name of what autoscalers of ours scale."""
    targets = (each["spec"]["scaleTargetRef"] for each in objects if each["kind"] == _AUTOSCALER)
    return frozenset((target["kind"], target["name"]) for target in targets)
