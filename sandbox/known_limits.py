"""Reads which limits a backend has, and of which kind, for `limits.json` of its folder.

`python -m sandbox.known_limits FILE SOURCE` takes Mimir's `cmd/mimir/config-descriptor.json`, or the page of Loki's or
Pyroscope's documentation with all of their configuration, of the version that is pinned; SOURCE says which that is.
Tempo's page has no types: its list is written by hand from `modules/overrides/config.go`.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_KINDS = {"int": "int", "float": "float", "boolean": "boolean", "duration": "duration", "string": "string"}
_SECTION = re.compile(r"^### limits(?:_config)?$(?P<text>.*?)^### ", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(
    r"^\[?(?P<name>[a-z0-9_]+):(?: <(?P<type>.*?)>)?(?: \| default = (?P<default>.*?))?\]?$", re.MULTILINE
)
_SIZE = re.compile(r"\d+[KMGT]?B")


def limits(text: str) -> dict[str, str]:
    """Return the kinds of a backend's limits by name, sorted.

    Raises:
        ValueError: there are none in the text.
    """
    found = dict(_of_descriptor(text) if text.startswith("{") else _of_page(text))
    if not found:
        raise ValueError("has no section of limits")
    return dict(sorted(found.items()))


def _of_descriptor(text: str) -> Iterator[tuple[str, str]]:
    for block in json.loads(text)["blockEntries"]:
        for each in block["blockEntries"] if block["name"] == "limits" else ():
            yield each["name"], _kind(each.get("fieldType", "block"))


def _of_page(text: str) -> Iterator[tuple[str, str]]:
    section = _SECTION.search(text)
    for field in _FIELD.finditer(section["text"]) if section else ():
        sized = _SIZE.fullmatch(field["default"] or "")
        yield field["name"], "size" if sized else _kind(field["type"] or "block")


def _kind(kind: str) -> str:
    if kind in _KINDS:
        return _KINDS[kind]
    return "mapping" if kind == "block" or kind.startswith("map") else "list"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m sandbox.known_limits FILE SOURCE")
    try:
        found = limits(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {sys.argv[1]}: {error}")
    sys.stdout.write(json.dumps({"source": sys.argv[2], "limits": found}, indent=1) + "\n")
