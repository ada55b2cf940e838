"""What the sandbox's `validate` says of backends of which it has no program."""

import pytest

from sandbox.validation import unserved
from tests.support import load_stack


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (["metrics.push", "traces.query"], []),
        (["metrics.push"], ["traces: pods do not run here, and there is no tempo on PATH"]),
    ],
)
def test_a_backend_without_a_process_is_named_with_the_program_that_is_not_there(
    found: list[str], said: list[str]
) -> None:
    lines = list(unserved(load_stack("dev"), found))
    assert [line.partition(" to take their place")[0] for line in lines] == said
