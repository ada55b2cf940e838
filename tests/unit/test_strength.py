"""What counts as hard to guess: whatever is random, and nothing that follows a pattern."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config.strength import LEAST_BITS, bits

uniform = st.randoms(use_true_random=True)


@given(uniform, st.sampled_from([string.hexdigits[:16], string.ascii_letters + string.digits, string.printable[:94]]))
def test_what_is_random_is_strong(random: object, alphabet: str) -> None:
    size = {16: 32, 62: 22, 94: 20}[len(alphabet)]  # about 128 bits each
    assert bits("".join(random.choices(alphabet, k=size))) >= LEAST_BITS  # type: ignore[attr-defined]


@given(st.binary(min_size=32, max_size=32).filter(lambda raw: len(set(raw)) > 24))
def test_what_openssl_makes_is_strong(raw: bytes) -> None:
    assert bits(base64.b64encode(raw).decode()) > LEAST_BITS


@given(st.text(string.ascii_letters, min_size=1, max_size=8), st.integers(2, 40))
def test_repeating_adds_nothing(part: str, times: int) -> None:
    assert bits(part * times) <= bits(part) + 1e-9
    assert bits((part * times)[: len(part) * times - len(part) // 2]) < LEAST_BITS


@pytest.mark.parametrize(
    "text", ["", "x", "secret", "x" * 200, string.ascii_lowercase, string.printable[:94], "0123456789" * 7, "ab" * 50]
)
def test_patterns_are_weak(text: str) -> None:
    assert bits(text) < LEAST_BITS
