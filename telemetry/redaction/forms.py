"""Finds known secrets in a text, as they are and as they are commonly encoded."""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from telemetry.redaction.patterns import HIDDEN

_PREFIX = 4
"""Characters by which forms are looked up: then the time does not grow with the number of secrets."""


class Forms:
    """Secrets in all their encoded forms."""

    def __init__(self, secrets: Iterable[str], *, shortest: int = _PREFIX, encoding: str = "utf-8") -> None:
        """Take secrets.

        Args:
            secrets: texts; of them, too, those that are shorter are passed over.
            shortest: characters of a form that is looked for; less could be any word.
            encoding: how the texts to look through were made of bytes.
        """
        found = {form.decode(encoding) for each in secrets for form in forms(each)}
        self._by_prefix: dict[str, list[str]] = {}
        for form in sorted(found, key=len, reverse=True):
            if len(form) >= max(shortest, _PREFIX):
                self._by_prefix.setdefault(form[:_PREFIX], []).append(form)

    def hidden_in(self, text: str) -> str:
        """Return a text with a mask in the place of each form; where they overlap, of all of them together."""
        shown, end = [], 0
        for start, stop in self._spans(text):
            if start >= end:
                shown += [text[end:start], HIDDEN]
            end = max(end, stop)
        return "".join([*shown, text[end:]])

    def in_text(self, text: str) -> bool:
        """Whether there is any in a text."""
        return next(self._spans(text), None) is not None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where forms begin and end, at each place the longest."""
        forms = self._by_prefix
        for start in range(len(text) - _PREFIX + 1) if forms else ():
            for form in forms.get(text[start : start + _PREFIX], ()):
                if text.startswith(form, start):
                    yield start, start + len(form)
                    break


def forms(text: str) -> Iterator[bytes]:
    """Yield how a text may be written."""
    raw = text.encode()
    in_json = json.dumps(text, ensure_ascii=False)[1:-1]
    for sign in "<>&":  # as Go writes them
        in_json = in_json.replace(sign, f"\\u{ord(sign):04x}")
    yield from (raw, raw.hex().encode(), quote(text, safe="").encode(), json.dumps(text)[1:-1].encode())
    yield in_json.encode()
    # Whatever comes before it, as `user:` in a header, one of these three stands in the base64 of the whole.
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw)
        yield coded[(4 if before else 0) : len(coded) - 4]
