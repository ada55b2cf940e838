"""How hard a secret is to guess, as far as its text tells: an upper bound, which no dictionary has lowered."""

from collections import Counter
from itertools import pairwise
from math import log2

LEAST_BITS = 75
"""What is asked for: 128 random bits as 22 characters of base64 have at least as much by this count, which knows no
more of a text than its own few characters."""


def bits(text: str) -> float:
    """Return the bits of a text: its length, without repetition, times the entropy of its characters.

    Counted of the characters and of the steps from one to the next, so that `abcdef…` has none; the lower one is right.
    """
    core = _without_repetition(text)
    steps = [ord(after) - ord(before) for before, after in pairwise(core)]
    return len(core) * min(_entropy(core), _entropy(steps))


def _without_repetition(text: str) -> str:
    """Return what a text repeats, the last time perhaps in part; a text that repeats nothing is returned whole."""
    period = next((size for size in range(1, len(text)) if text.startswith(text[size:])), len(text))
    # A random text may begin and end alike by accident; what repeats itself does so at least once in full.
    return text[:period] if 2 * period <= len(text) else text


def _entropy(parts: "str | list[int]") -> float:
    """Return the bits of one part, by how often each occurs (Shannon)."""
    total = len(parts)
    return sum(count / total * -log2(count / total) for count in Counter(parts).values())
