"""Comparisons as regular expressions (PCRE): nginx cannot tell which of two values is the smaller one.

Digits of a fixed width are ordered like text, so what is less has some first digit that is less.
"""

import re
from collections.abc import Iterator

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


def before(moment: str) -> str:
    """Return a pattern of every `$time_iso8601` before a moment, such as `2026-12-01T00:00:00Z`.

    It asks for UTC, so that under another time zone nothing is taken for earlier than it is.

    Raises:
        ValueError: it is no moment in UTC.
    """
    if _MOMENT.fullmatch(moment) is None:
        raise ValueError("not a moment in UTC to the second, such as 2026-12-01T00:00:00Z")
    least = "|".join(_less(moment.removesuffix("Z"))) or r"\b\B"
    return rf"^(?:{least}).*\+00:00$"


def below(number: int) -> str:
    """Return a pattern of every decimal number that is not above another, with or without leading zeros.

    Raises:
        ValueError: the number is negative.
    """
    if number < 0:
        raise ValueError("the number is negative; lengths are not")
    digits = str(number)
    width = len(digits)
    alternatives = [rf"\d{{1,{width - 1}}}"] if width > 1 else []
    alternatives += [f"{least}{_any(width, least)}" for least in _less(digits)]
    return rf"^0*(?:{'|'.join([*alternatives, digits])})$"


def _less(text: str) -> Iterator[str]:
    """Yield what the texts begin with that are as long as this one, have digits where it has, and come before it."""
    for index, character in enumerate(text):
        if character.isdigit() and character != "0":
            yield text[:index] + ("0" if character == "1" else f"[0-{int(character) - 1}]")


def _any(width: int, beginning: str) -> str:
    """Return a pattern of the digits that a beginning, of which at most the last character is a class, lacks."""
    left = width - len(re.sub(r"\[.*]", "0", beginning))
    return rf"\d{{{left}}}" if left else ""
