"""Keeps secrets out of a report, wherever they may have come from.

Pulumi masks its own, as `[secret]`; what they are compared with, Helm's record of a release, it does not. So a value
is hidden if its other side is masked, if it is the data of a Secret, if its name says what it is, or if it repeats
what one of the Secrets holds.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from report.diff import Change, Name, text
from report.model import Field
from report.normal import Object

HIDDEN = "[secret]"
_MASKS = (HIDDEN, base64.b64encode(HIDDEN.encode()).decode())
_WORDS = (
    r"(?:pass(?:word|wd|phrase)|secret|token|credentials?"
    r"|(?:api|access|secret|private|account|signing|encryption|master)[-_.]?(?:access[-_.]?)?key(?:[-_.]?id)?)"
)
_NAMES_A_SECRET = re.compile(rf"(?i).*{_WORDS}")
_LINE = re.compile(rf"(?im)^([^\n:=]*{_WORDS}[\"']?\s*[:=]\s*)(\S[^\n]*)$")
_URL = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_REFERENCE = re.compile(r"[\"']?(\$\{[^}]*\}|\$\([^)]*\))[\"']?")
_SHORTEST_PART = 8
"""What a longer text repeats of a Secret is hidden from this many characters on; less could be any word."""


@dataclass(frozen=True)
class Redactor:
    """Hides secrets, those that are known by their value among them."""

    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, objects: Iterable[Object]) -> "Redactor":
        """Return one that knows what the Secrets among some objects hold."""
        return cls(frozenset(text for each in objects if each.get("kind") == "Secret" for text in _held(each)))

    def field(self, change: Change, kind: str = "") -> Field:
        """Return a change as it may be shown."""
        old, new = change.old, change.new
        if kind == "Secret" and change.path and change.path[0] in ("data", "stringData"):
            old, new = _hidden(old), _hidden(new)
        elif change.op == "change" and (_masked(old) or _masked(new)):
            old, new = HIDDEN, HIDDEN
        name = _name_of(change.path)
        return Field(path=text(change.path), op=change.op, old=self.shown(old, name), new=self.shown(new, name))

    def shown(self, value: Any, name: str = "") -> Any:
        """Return a value as it may be shown; `name` is what it is called."""
        if isinstance(value, dict):
            own = value.get("name")  # {name: DB_PASSWORD, value: …}
            return {key: self.shown(each, str(own) if key == "value" and own else key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.shown(each) for each in value]
        return self._text(value, name) if isinstance(value, str) else value

    def _text(self, value: str, name: str) -> str:
        if _REFERENCE.fullmatch(value):
            return value
        if _NAMES_A_SECRET.fullmatch(name) or value in self.known:
            return HIDDEN if value else value
        flag, equals, given = value.partition("=")
        if equals and flag.startswith("-") and _NAMES_A_SECRET.fullmatch(flag) and not _REFERENCE.fullmatch(given):
            return f"{flag}={HIDDEN}"
        for secret in sorted(self.known, key=len, reverse=True):
            if len(secret) >= _SHORTEST_PART:
                value = value.replace(secret, HIDDEN)
        return _LINE.sub(_hide_line, _URL.sub(rf"\g<1>{HIDDEN}@", value)) if len(value) > 1 else value


def _hide_line(match: re.Match[str]) -> str:
    return match[0] if _REFERENCE.fullmatch(match[2].strip()) else f"{match[1]}{HIDDEN}"


def _held(secret: Object) -> Iterator[str]:
    """Yield the texts in a Secret, as they stand and decoded."""
    for value in (secret.get("stringData") or {}).values():
        yield str(value)
        yield base64.b64encode(str(value).encode()).decode()
    for value in (secret.get("data") or {}).values():
        yield str(value)
        try:
            yield base64.b64decode(str(value), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(each) for key, each in value.items()}
    return None if value is None else HIDDEN


def _masked(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_masked(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and any(mask in value for mask in _MASKS)


def _name_of(path: tuple[Any, ...]) -> str:
    """Return what a field is called; the `value` of an environment variable is called what the variable is."""
    for step in reversed(path):
        if isinstance(step, Name):
            return step.text
        if isinstance(step, str) and step != "value":
            return step
    return ""
