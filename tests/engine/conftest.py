"""What holds for every test that runs the program."""

from collections.abc import Iterator
from datetime import date

import pytest

from components import stack_config
from telemetry.operations import preflight


@pytest.fixture(autouse=True, scope="package")
def no_network() -> Iterator[None]:
    """Take the preflight's word that all is well: its own tests are in tests/unit/test_preflight.py."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(preflight, "findings", lambda *_: [])
        yield


@pytest.fixture(autouse=True, scope="package")
def on_a_day() -> Iterator[None]:
    """Run the program on a day on which the certificates of the stacks are valid, whenever the tests are run."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stack_config, "_today", lambda: date(2026, 11, 21))
        yield
