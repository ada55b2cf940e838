"""Rendered manifests as objects, and what becomes of each object between two of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from telemetry.kubernetes.defaults import Object, normal
from telemetry.kubernetes.diff import Change, diff, text
from telemetry.kubernetes.immutable import fixed
from telemetry.kubernetes.manifests import LOADER, annotations, flatten_lists, is_deployed
from telemetry.operations.report.model import Action, Item
from telemetry.operations.report.reloading import is_reloaded
from telemetry.operations.report.rollout import restart
from telemetry.operations.report.secrets import field
from telemetry.redaction import Redactor

Identity = tuple[str, str, str, str]
"""API group, kind, namespace and name: what Helm, too, takes for the same object."""

_CONFIG_FILES = (".yaml", ".yml", ".json")


def parse(manifest: str) -> list[Object]:
    """Return the objects of a manifest that are there after an installation or upgrade.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    return [each for each in flatten_lists(yaml.load_all(manifest, Loader=_LOADER)) if _stays(each)]


def parse_passing(manifest: str) -> list[Object]:
    """Return the objects of a manifest that an installation or upgrade makes and then removes.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    made = (each for each in flatten_lists(yaml.load_all(manifest, Loader=_LOADER)) if is_deployed(each))
    return [each for each in made if not _stays(each)]


def identity(it: Mapping[str, Any], namespace: str = "") -> Identity:
    """Return what an object is known by."""
    metadata = it.get("metadata") or {}
    group = str(it.get("apiVersion", "")).rpartition("/")[0]
    return group, str(it.get("kind", "")), str(metadata.get("namespace") or namespace), str(metadata.get("name", ""))


def compare(
    old: Iterable[Object], new: Iterable[Object], *, owner: str, namespace: str, redactor: Redactor
) -> list[Item]:
    """Return what becomes of the objects of a release; those that stay as they are are left out."""
    before = {identity(each): (given, each) for given in old for each in [normal(given, namespace)]}
    after = {identity(each): (given, each) for given in new for each in [normal(given, namespace)]}
    items = []
    for key in sorted({*before, *after}):
        was, becomes = before.get(key), after.get(key)
        if was is None or becomes is None:
            it = (becomes or was or ({}, {}))[1]
            items.append(item(it, owner=owner, action="create" if becomes else _gone(it)))
            continue
        changes = fields(_as_it_is(was, becomes), becomes[1])
        if changes:
            items.append(_changed(was[1], becomes, changes, owner=owner, redactor=redactor))
    return items


def item(it: Object, *, owner: str, action: Action, **more: Any) -> Item:
    """Return an object as an item of the report."""
    metadata = it.get("metadata") or {}
    return Item(
        system="kubernetes",
        kind=str(it.get("kind", "")),
        api_version=str(it.get("apiVersion", "")),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name", "")),
        owner=owner,
        action=action,
        reloaded=action == "change" and is_reloaded(str(it.get("kind", "")), str(metadata.get("name", ""))),
        **more,
    )


def fields(old: Object, new: Object) -> list[Change]:
    """Return the fields that differ between two objects in normal form; what is YAML in a ConfigMap, key by key."""
    if new.get("kind") != "ConfigMap":
        return diff(old, new)
    return list(_config_map(diff(old, new)))


def _changed(old: Object, new: tuple[Object, Object], changes: list[Change], *, owner: str, redactor: Redactor) -> Item:
    written, after = new
    refused = fixed(old, changes)
    kind = after["kind"]
    reason = f"{kind}: {', '.join(text(each.path) for each in refused)} cannot be changed" if refused else ""
    return item(
        after,
        owner=owner,
        action="replace" if refused else "change",
        fields=tuple(field(redactor, change, kind) for change in changes),
        fails=reason,
        restart=restart(written, after, changes),
    )


def _as_it_is(was: tuple[Object, Object], becomes: tuple[Object, Object]) -> Object:
    """Return the old form, without replicas where an autoscaler has had the say and the manifest takes it back."""
    (written, old), (then_written, _) = was, becomes
    stated = [(it.get("spec") or {}).get("replicas") is not None for it in (written, then_written)]
    if stated != [False, True]:
        return old
    return {**old, "spec": {key: value for key, value in old["spec"].items() if key != "replicas"}}


def _gone(it: Object) -> Action:
    kept = annotations(it).get("helm.sh/resource-policy") == "keep"
    return "forget" if kept else "delete"


def _config_map(changes: list[Change]) -> Iterator[Change]:
    for change in changes:
        old, new = (_parsed(change, text) for text in (change.old, change.new))
        inner = diff(old, new) if old is not None and new is not None else []
        if inner:
            yield from (Change((*change.path, *each.path), each.op, each.old, each.new) for each in inner)
        else:
            yield change


def _parsed(change: Change, text: Any) -> Any:
    """Return the mapping or list that a changed file of a ConfigMap holds; None if it is something else."""
    if len(change.path) != 2 or change.path[0] != "data" or not isinstance(text, str):
        return None
    if not str(change.path[1]).endswith(_CONFIG_FILES):
        return None
    try:
        found = _keyed_by_text(yaml.load(text, Loader=_LOADER))  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, ValueError):
        return None
    return found if isinstance(found, dict | list) else None


def _keyed_by_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _keyed_by_text(each) for key, each in value.items()}
    return [_keyed_by_text(each) for each in value] if isinstance(value, list) else value


def _stays(it: Object) -> bool:
    """Return whether an object is there when Helm is done: no test, and no hook that removes what it made."""
    notes = annotations(it)
    removed = "helm.sh/hook" in notes and "hook-succeeded" in notes.get("helm.sh/hook-delete-policy", "")
    return is_deployed(it) and not removed


def _loader() -> Any:
    """Return a safe loader that leaves dates the texts that they are."""
    resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in LOADER.yaml_implicit_resolvers.items()
    }
    return type("Loader", (LOADER,), {"yaml_implicit_resolvers": resolvers})


_LOADER = _loader()
