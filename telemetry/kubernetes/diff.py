"""Differences between two trees of JSON values, field by field, and back: `apply(diff(a, b), a) == b`.

Items of a list are told apart by what Kubernetes tells them apart by (a name, a path, a port), or a flag's name, so
that an inserted container is one change and not a change of all that follow. Other lists are compared by position.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

Op = Literal["add", "remove", "change", "order"]

_KEYS = ("name", "mountPath", "topologyKey", "containerPort", "port", "key")
_FLAG = "="
_PLAIN = re.compile(r"[A-Za-z0-9_$-]+")


@dataclass(frozen=True)
class Name:
    """An item of a list, by the key that tells it from its neighbours."""

    key: str
    text: str


Path = tuple[str | int | Name, ...]


@dataclass(frozen=True)
class Change:
    """One field: `old` is None where it was not there, `new` where it will not be; of an order both are names."""

    path: Path
    op: Op
    old: Any = None
    new: Any = None

    def below(self, *prefix: str) -> bool:
        """Whether the field is the one at a path of keys, or within it, or holds it."""
        return all(own_step == step for own_step, step in zip(self.path, prefix, strict=False))


def diff(old: Any, new: Any) -> list[Change]:
    """Return what turns one tree into the other."""
    return list(_compare(old, new, ()))


def apply(changes: Iterable[Change], tree: Any) -> Any:
    """Return a copy of a tree with the changes made to it."""
    result = {"": deepcopy(tree)}
    for change in changes:
        _make(change, result)
    return result[""]


def text(path: Path) -> str:
    """Return a path as people write it: `spec.template.spec.containers[tempo].image`, `data["tempo.yaml"]`."""
    parts = (_step(step) for step in path)
    return "".join(parts).removeprefix(".")


def _step(step: str | int | Name) -> str:
    if isinstance(step, Name):
        return f"[{step.text}]"
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def _compare(old: Any, new: Any, path: Path) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _fields(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        key = _key_of([*old], [*new])
        if key is not None:
            yield from _named(old, new, key, path)
        elif len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from _compare(before, after, (*path, index))
        else:
            yield Change(path, "change", old, new)
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield Change(path, "change", old, new)


def _fields(old: dict[str, Any], new: dict[str, Any], path: Path) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        if key not in new:
            yield Change((*path, key), "remove", old[key])
        elif key not in old:
            yield Change((*path, key), "add", new=new[key])
        else:
            yield from _compare(old[key], new[key], (*path, key))


def _named(old: list[Any], new: list[Any], key: str, path: Path) -> Iterator[Change]:
    before, after = ({_name(item, key): item for item in items} for items in (old, new))
    for name, item in before.items():
        if name not in after:
            yield Change((*path, Name(key, name)), "remove", item)
        else:
            yield from _compare(item, after[name], (*path, Name(key, name)))
    added = [name for name in after if name not in before]
    for name in added:
        yield Change((*path, Name(key, name)), "add", new=after[name])
    if [*(name for name in before if name in after), *added] != list(after):
        yield Change(path, "order", list(before), list(after))


def _key_of(*lists: Sequence[Any]) -> str | None:
    """Return the key whose values tell the items of every list apart; None if there is none, or nothing to tell."""
    items = [item for each in lists for item in each]
    if not items:
        return None
    for key in (_FLAG, *_KEYS):
        if all(_has(item, key) for item in items) and all(
            len({_name(item, key) for item in each}) == len(each) for each in lists
        ):
            return key
    return None


def _has(item: Any, key: str) -> bool:
    if key == _FLAG:
        return isinstance(item, str) and item.startswith("-")
    return isinstance(item, dict) and isinstance(item.get(key), str | int)


def _name(item: Any, key: str) -> str:
    return str(item).partition(_FLAG)[0] if key == _FLAG else str(item[key])


def _make(change: Change, tree: Any) -> None:
    holder: Any = tree
    steps: Path = ("", *change.path)
    for step in steps[:-1]:
        holder = holder[_index(holder, step)]
    last = steps[-1]
    if change.op == "order":
        items = holder[_index(holder, last)]
        items.sort(key=_ranks(items, change.new))
    elif change.op == "remove":
        del holder[_index(holder, last)]
    elif change.op == "add" and isinstance(last, Name):
        holder.append(deepcopy(change.new))
    else:
        holder[_index(holder, last)] = deepcopy(change.new)


def _ranks(items: list[Any], names: list[str]) -> Callable[[Any], int]:
    """Return what ranks items as these names are ordered."""
    for key in (_FLAG, *_KEYS):
        if all(_has(item, key) for item in items) and {_name(item, key) for item in items} == set(names):
            return lambda item: names.index(_name(item, key))
    raise ValueError(f"these are not the names of the items: {names}")


def _index(holder: Any, step: str | int | Name) -> Any:
    if isinstance(step, Name):
        return next(index for index, item in enumerate(holder) if _name(item, step.key) == step.text)
    return step
