"""Reads `metadata.managedFields`: which manager has written which field, and when.

A path is a tuple of steps as FieldsV1 writes them: `f:spec` is a field, `k:{"name":"a"}` the element of a list with
that key, `v:"a"` an element of a set, `i:0` an element by index.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
Json = dict[str, Any]


@dataclass(frozen=True)
class Writer:
    """Who has written a field, in the words of the object's managedFields."""

    manager: str
    time: str | None
    """When, in UTC (RFC 3339)."""
    subresource: str | None = None

    def __str__(self) -> str:
        through = f" ({self.subresource})" if self.subresource else ""
        return f"{self.manager}{through}" + (f", {self.time}" if self.time else "")


@dataclass(frozen=True)
class Entry:
    """What one manager has written."""

    writer: Writer
    leaves: frozenset[Path]
    """Values, and whole lists or mappings that are only ever written at once."""
    containers: frozenset[Path]
    """Mappings and elements of lists that would be there without their content as well."""

    @property
    def paths(self) -> frozenset[Path]:
        """All that it has written."""
        return self.leaves | self.containers

    def wrote(self, path: Path) -> bool:
        """Whether a field, something in it, or the whole that it is only a part of, was written by this manager."""
        within = any(leaf[: len(path)] == path for leaf in self.leaves)
        return within or any(path[:end] in self.leaves for end in range(1, len(path)))


def entries(live: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Return who has written what of an object, its status left out."""
    managed = live.get("metadata", {}).get("managedFields") or []
    return tuple(_entry(each) for each in managed if each.get("subresource") != "status")


def _entry(managed: Mapping[str, Any]) -> Entry:
    writer = Writer(managed.get("manager") or "unknown", managed.get("time"), managed.get("subresource"))
    found = list(_paths(managed.get("fieldsV1") or {}, ()))
    return Entry(
        writer,
        leaves=frozenset(path for path, is_leaf in found if is_leaf),
        containers=frozenset(path for path, is_leaf in found if not is_leaf),
    )


def _paths(fields: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, bool]]:
    for step, below in fields.items():
        if step == ".":
            yield above, False
        elif not below:
            yield (*above, step), True
        else:
            yield from _paths(below, (*above, step))


def tree(objects: Iterable[Mapping[str, Any]]) -> Json:
    """Return all steps that managers have named, nested: it says which lists have keys, and which ones."""
    root: Json = {}
    for each in objects:
        for entry in entries(each):
            for path in entry.paths:
                node = root
                for step in path:
                    node = node.setdefault(step, {})
    return root


def step_to(value: Any, steps: Iterable[str]) -> str | None:
    """Return the step, of those that there are, which leads to an element of a list."""
    return next((step for step in steps if _leads_to(step, value)), None)


def _leads_to(step: str, value: Any) -> bool:
    kind, _, rest = step.partition(":")
    if kind == "k":
        keys = json.loads(rest)
        return isinstance(value, dict) and all(value.get(key) == each for key, each in keys.items())
    return kind == "v" and bool(json.loads(rest) == value)


def without(value: Any, path: Path) -> Any:
    """Return an object without what a path leads to; unchanged if it leads nowhere."""
    step, *rest = path
    if isinstance(value, dict) and step.startswith("f:"):
        key = step[2:]
        if key not in value:
            return value
        others = {name: each for name, each in value.items() if name != key}
        return {**value, key: without(value[key], tuple(rest))} if rest else others
    if isinstance(value, list):
        index = next((i for i, each in enumerate(value) if step == f"i:{i}" or _leads_to(step, each)), None)
        if index is not None:
            return [*value[:index], *([without(value[index], tuple(rest))] if rest else []), *value[index + 1 :]]
    return value


def text(path: Path) -> str:
    """Return a path as people write it: `spec.containers[name=mimir].image`."""
    return "".join(map(_step_text, path)).removeprefix(".")


def _step_text(step: str) -> str:
    kind, _, rest = step.partition(":")
    if kind == "f":
        return f".{rest}" if rest.replace("_", "").replace("-", "").isalnum() else f'["{rest}"]'
    if kind == "k":
        return f"[{','.join(f'{key}={value}' for key, value in json.loads(rest).items())}]"
    return f"[{rest}]"
