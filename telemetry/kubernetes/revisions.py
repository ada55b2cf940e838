"""Finds what a failed revision of a release has added: Helm leaves it in the cluster.

An upgrade is merged with the last revision that was *deployed*. What a failed one has changed is changed again, but
what it has added (a key, an item of a list, an object) is in neither of the two, and so it stays.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.kubernetes.manifests import documents, flatten_lists

GOOD = ("deployed", "superseded")
"""What Helm calls a revision that was deployed."""
HALF_WAY = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""What it calls one that it is at work on, or that a killed run has left: it refuses to touch such a release."""
_KEYS = ("mountPath", "containerPort", "devicePath", "topologyKey", "ip", "name", "key")
"""By which Kubernetes knows an item of a list again, the most telling first."""


def manifest(secret: Mapping[str, Any]) -> str:
    """Return the manifest in a Secret in which Helm keeps a revision (ValueError, KeyError: it is none)."""
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    return str(json.loads(gzip.decompress(packed))["manifest"])


def additions(before: str, after: str) -> list[str]:
    """Return what a manifest has and an earlier one has not: `StatefulSet mimir-ingester: spec.template…`."""
    old_objects = {_identity(each): each for each in flatten_lists(documents(before))}
    return [
        line for each in flatten_lists(documents(after)) for line in _of_object(old_objects.get(_identity(each)), each)
    ]


def _identity(it: Mapping[str, Any]) -> tuple[str, str, str]:
    metadata = it.get("metadata") or {}
    return str(it["kind"]), str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def _of_object(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[str]:
    title = f"{new['kind']} {(new.get('metadata') or {}).get('name', '')}"
    if old is None:
        yield title
        return
    yield from (f"{title}: {path}" for path in _added(old, new, ""))


def _added(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key, value in new.items():
            where = f"{path}.{key}" if path else str(key)
            if _is_empty(value):
                continue
            if _is_empty(old.get(key)):
                yield where
            else:
                yield from _added(old[key], value, where)
    elif isinstance(old, list) and isinstance(new, list):
        old_items = {_key(each): each for each in old}
        for each in new:
            if _key(each) not in old_items:
                yield f"{path}[{_key(each)}]"
            else:
                yield from _added(old_items[_key(each)], each, f"{path}[{_key(each)}]")


def _is_empty(value: Any) -> bool:
    return value is None or value in ({}, [])


def _key(item: Any) -> str:
    if isinstance(item, Mapping):
        for key in _KEYS:
            if key in item:
                return f"{key}={item[key]}"
        metadata = item.get("metadata")
        if isinstance(metadata, Mapping) and "name" in metadata:  # of claims that a StatefulSet makes
            return f"name={metadata['name']}"
    return json.dumps(item, sort_keys=True, default=str)
