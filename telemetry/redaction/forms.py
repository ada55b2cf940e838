"""Finds known secrets in a text, as they are and as they are commonly encoded."""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from telemetry.redaction.patterns import HIDDEN

_PART = 4
"""Characters by which forms are looked up: then the time does not grow with the number of secrets."""
_STRIDE = 8
"""At most so many places of a text are passed over at once; more would take more parts of each form to be known."""


class Forms:
    """Secrets in all their encoded forms."""

    def __init__(self, secrets: Iterable[str], *, shortest: int = _PART, encoding: str = "utf-8") -> None:
        """Take secrets.

        Args:
            secrets: texts; of them, too, those that are shorter are passed over.
            shortest: characters of a form that is looked for; less could be any word.
            encoding: how the texts to look through were made of bytes.
        """
        made = {form.decode(encoding) for each in secrets for form in forms(each)}
        found = [form for form in made if len(form) >= max(shortest, _PART)]
        # A form that begins anywhere has one of its first parts whole at a place that is looked at.
        self._stride = min([_STRIDE, *(len(form) - _PART + 1 for form in found)])
        self._by_part: dict[str, list[tuple[int, str]]] = {}
        for form in found:
            for offset in range(self._stride):
                self._by_part.setdefault(form[offset : offset + _PART], []).append((offset, form))

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
        """Yield where forms begin and end, in the order in which they begin."""
        for at in range(0, len(text) - _PART + 1, self._stride) if self._by_part else ():
            if candidates := self._by_part.get(text[at : at + _PART]):
                yield from sorted(
                    (at - offset, at - offset + len(form))
                    for offset, form in candidates
                    if offset <= at and text.startswith(form, at - offset)
                )


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
