"""Not a stand-in itself: differences between property trees by path, as Pulumi's detailed diff names them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from sandbox.plugins.values import Properties, Secret, reveal

Kind = Literal["ADD", "DELETE", "UPDATE"]
_MISSING: Any = object()


@dataclasses.dataclass(frozen=True)
class Diff:
    """What changes, by path (`values.tempo.retention`), and which of these changes need a new resource."""

    changes: dict[str, Kind] = dataclasses.field(default_factory=dict)
    replaces: frozenset[str] = frozenset()
    delete_before_replace: bool = False


def diff(
    old: Properties,
    new: Properties,
    *,
    replaces: Callable[[str], bool] = lambda _: False,
    delete_before_replace: bool = False,
) -> Diff:
    """Compare inputs; `replaces` says of a path whether its change needs a new resource."""
    changes = dict(_compare(reveal(old), reveal(new), ""))
    forced = frozenset(path for path in changes if replaces(path))
    return Diff(changes, forced, delete_before_replace)


def below(*prefixes: str) -> Callable[[str], bool]:
    """Whether a path is one of the prefixes or inside it."""
    return lambda path: any(path == p or path.startswith((f"{p}.", f"{p}[")) for p in prefixes)


def top(path: str) -> str:
    """The top-level property of a path."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _compare(old: Any, new: Any, path: str) -> Iterator[tuple[str, Kind]]:
    old = old.value if isinstance(old, Secret) else old
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _compare(old.get(key, _MISSING), new.get(key, _MISSING), _join(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _MISSING
            after = new[index] if index < len(new) else _MISSING
            yield from _compare(before, after, f"{path}[{index}]")
    elif old is _MISSING:
        yield path, "ADD"
    elif new is _MISSING:
        yield path, "DELETE"
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, "UPDATE"


def _join(path: str, key: str) -> str:
    if re.search(r'[.\["\]]', key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
