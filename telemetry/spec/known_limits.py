"""The limits that a backend has, of which most have no setting: what may be passed on to it as it is.

Each backend's `limits.json` lists the limits of the pinned version with their kinds, and says where it has them from
and whether the program itself was asked. A backend refuses a configuration with a limit that it does not know, and its
pods then do not start; so it is refused here.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from telemetry.config.base import SettingError, did_you_mean
from telemetry.redaction import Redactor

_DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|ms|s|m|h|d|w|y))+|0")
_SIZE = re.compile(r"\d+([KMGT]?B)?", re.IGNORECASE)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "int": (_whole, "a whole number"),
    "float": (lambda value: _whole(value) or isinstance(value, float), "a number"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "duration": (lambda value: _is_text(value, _DURATION), "a duration, such as 30m, 12h or 7d"),
    "size": (lambda value: _whole(value) or _is_text(value, _SIZE), "bytes, or a size such as 512KB or 3MB"),
    "string": (lambda value: isinstance(value, str), "text"),
    "list": (lambda value: isinstance(value, list), "a list"),
    "mapping": (lambda value: isinstance(value, dict), "a mapping"),
}
"""By kind, whether a value is one, and what people call it."""


@dataclass(frozen=True)
class KnownLimits:
    """The limits of one version of a backend."""

    title: str
    """The backend and its version: `Mimir 3.1`."""
    kinds: Mapping[str, str]
    """By name; the parts of a path are joined by a dot."""

    @classmethod
    def of(cls, title: str, folder: Path) -> Self:
        """Return those that the folder of a backend lists."""
        return cls(title, json.loads((folder / "limits.json").read_text(encoding="utf-8"))["limits"])

    def check(self, others: Mapping[str, Any], elsewhere: Mapping[str, str]) -> None:
        """Refuse what is no limit of the backend, what is of another kind, and what has a setting.

        Args:
            others: limits in the backend's own words.
            elsewhere: who sets those that are not free to be passed on, by the limit's name.

        Raises:
            SettingError: its key is the limit's name.
        """
        for name, value in self._limits(others):
            if name in elsewhere:
                raise SettingError(name, f"is set by {elsewhere[name]}; remove it here")
            kind = self.kinds.get(name)
            if kind is None:
                hint = did_you_mean(name, self.kinds)
                raise SettingError(name, f"is no limit of {self.title}{hint}; correct or remove it")
            if Redactor().shown(value, name) != value:
                raise SettingError(name, "is or holds a secret, and limits are in plain text; remove it", hidden=True)
            fits, called = _KINDS[kind]
            if not fits(value):
                raise SettingError(name, f"must be {called}; correct it")

    def _limits(self, others: Mapping[str, Any], *parents: str) -> list[tuple[str, Any]]:
        """Return limits by name: a mapping that is none itself is a part of the path to some."""
        found = []
        for key, value in others.items():
            name = ".".join((*parents, key))
            part = isinstance(value, dict) and any(known.startswith(f"{name}.") for known in self.kinds)
            found += self._limits(value, *parents, key) if part else [(name, value)]
        return found


def _is_text(value: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
