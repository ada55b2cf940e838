"""Hides secrets in values and messages."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from telemetry.redaction.forms import Forms
from telemetry.redaction.patterns import HIDDEN, hidden_in, hidden_in_value, is_reference, names_a_secret

_MASKS = (HIDDEN, base64.b64encode(HIDDEN.encode()).decode())
"""What Pulumi's engine masks with, and so do we; the second in a Secret's data."""
_SHORTEST = 8
"""What a longer text repeats of a secret is hidden from this many characters on; less could be any word."""


@dataclass(frozen=True)
class Redactor:
    """Hides secrets, those that are known by their value among them."""

    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, objects: Iterable[Mapping[str, Any]]) -> "Redactor":
        """Return one that knows what the Secrets among some Kubernetes objects hold."""
        return cls(frozenset(text for each in objects if each.get("kind") == "Secret" for text in _held(each)))

    def shown(self, value: Any, name: str = "") -> Any:
        """Return a value as it may be shown; `name` is what it is called."""
        if isinstance(value, dict):
            named = value.get("name")  # {name: DB_PASSWORD, value: …}
            return {
                key: self.shown(each, str(named) if key == "value" and named else key) for key, each in value.items()
            }
        if isinstance(value, list):
            return [self.shown(each, name) for each in value]
        return self._text(value, name) if isinstance(value, str) else value

    def pair(self, old: Any, new: Any, name: str = "") -> tuple[Any, Any]:
        """Return both sides of a change as they may be shown: where one side is masked, the other may be the secret."""
        if old is not None and new is not None and (_is_masked(old) or _is_masked(new)):
            return HIDDEN, HIDDEN
        return self.shown(old, name), self.shown(new, name)

    def message(self, text: str) -> str:
        """Return what is said to people, as it may be shown; here a name makes no secret of what follows it."""
        return hidden_in(self._forms.hidden_in(text))

    def _text(self, value: str, name: str) -> str:
        if is_reference(value):
            return value
        if names_a_secret(name) or value in self.secrets:
            return HIDDEN if value else value
        return hidden_in_value(self._forms.hidden_in(value)) if len(value) > 1 else value

    @cached_property
    def _forms(self) -> Forms:
        return Forms((each for each in self.secrets if len(each) >= _SHORTEST), shortest=_SHORTEST)


def field_name(path: Sequence[str]) -> str:
    """Return what a field is called, by the names on the way to it; a variable's `value` is called as the variable."""
    return next((name for name in reversed(path) if name and name != "value"), "")


def hidden(value: Any) -> Any:
    """Return a value with a mask in the place of everything that it holds; its keys stay."""
    if isinstance(value, dict):
        return {key: hidden(each) for key, each in value.items()}
    return None if value is None else HIDDEN


def _is_masked(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_is_masked(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and any(mask in value for mask in _MASKS)


def _held(secret: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts in a Secret, as they stand and decoded, and line by line what is a private key."""
    for value in (secret.get("stringData") or {}).values():
        yield from _parts(str(value))
        yield base64.b64encode(str(value).encode()).decode()
    for value in (secret.get("data") or {}).values():
        yield str(value)
        try:
            yield from _parts(base64.b64decode(str(value), validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue


def _parts(text: str) -> Iterator[str]:
    yield text
    yield from key_lines(text)


def key_lines(pem: str) -> Iterator[str]:
    """Yield the lines of a private key that are secret; nothing of what is none.

    The last of three lines of a key of ours (P-256 in PKCS #8) is of the public one, which certificates repeat.
    """
    lines = pem.strip().splitlines()
    if len(lines) >= 3 and lines[0].startswith("-----BEGIN ") and lines[0].endswith("PRIVATE KEY-----"):
        yield from lines[1 : -2 if len(lines) > 4 else -1]
