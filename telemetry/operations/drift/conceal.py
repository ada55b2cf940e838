"""Hides secrets in both sides of a difference, and shortens them."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telemetry.kubernetes.managed_fields import Path
from telemetry.redaction import HIDDEN, Redactor, field_name

_LONGEST = 400
_MOST_LINES = 12


@dataclass(frozen=True)
class Concealer:
    """Hides what a redactor hides, and all of a Secret but its labels."""

    redactor: Redactor

    def shown(self, kind: str, path: Path, expected: Any, found: Any) -> tuple[Any, Any]:
        """Return both sides as they may be shown; of two long texts only the lines that differ."""
        if kind == "Secret" and path[:2] != ("f:metadata", "f:labels"):
            expected, found = HIDDEN, None if found is None else HIDDEN  # the state's side of it is encrypted
        expected, found = self.redactor.pair(expected, found, field_name([_name(step) for step in path]))
        if isinstance(expected, str) and isinstance(found, str) and "\n" in expected + found:
            return _unlike_lines(expected, found)
        return _cut(expected), _cut(found)

    def refusal(self, kind: str, message: str) -> str:
        """Return what the API server says of an object, as far as it may be shown."""
        return "its content is not shown" if kind == "Secret" else str(_cut(self.redactor.shown(message)))


def _name(step: str) -> str:
    """Return the name in a step of a path; empty if there is none."""
    kind, _, rest = step.partition(":")
    if kind == "k":
        return str(json.loads(rest).get("name", ""))
    return rest if kind == "f" else ""


def _unlike_lines(expected: str, found: str) -> tuple[str | None, str | None]:
    """Return the lines of each side that the other does not have."""
    compared = list(difflib.ndiff(expected.splitlines(), found.splitlines()))
    missing, added = ([line[2:] for line in compared if line.startswith(mark)] for mark in ("- ", "+ "))
    if not missing and not added:  # only what was hidden differs, or an end of a line
        return HIDDEN, HIDDEN
    return _first(missing), _first(added)


def _first(lines: Iterable[str]) -> str | None:
    cut = [str(_cut(line)) for line in lines]
    more = [f"… and {len(cut) - _MOST_LINES} more lines"] if len(cut) > _MOST_LINES else []
    return "\n".join([*cut[:_MOST_LINES], *more]) or None


def _cut(value: Any) -> Any:
    """Return a value, or the beginning of its text if that is too long."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return value if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
