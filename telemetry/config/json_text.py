"""JSON that people write: each key once (RFC 8259, 4, leaves open what twice means)."""

import json
from collections import Counter
from typing import Any


class KeyTwiceError(Exception):
    """A key is in an object twice; the text is the key."""


def read(text: str) -> Any:
    """Return what a text holds.

    Raises:
        KeyTwiceError: of which Python would take the last.
        ValueError, RecursionError: it is no JSON.
    """
    return json.loads(text, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise KeyTwiceError(key)
    return found
