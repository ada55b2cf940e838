"""What holds for every test that runs the program."""

from collections.abc import Iterator

import pytest

import preflight


@pytest.fixture(autouse=True, scope="package")
def no_network() -> Iterator[None]:
    """Take the preflight's word that all is well: its own tests are in tests/unit/test_preflight.py."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(preflight, "findings", lambda *_: [])
        yield
