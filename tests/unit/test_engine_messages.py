"""What the sandbox says below the engine's own words when a run of it has failed."""

import pytest

from sandbox.engine import failed


@pytest.mark.parametrize("command", ["up", "refresh", "destroy"])
def test_a_run_that_may_have_left_something_is_repaired_by_the_next(command: str) -> None:
    said = failed(command, "dev")
    assert f"make {command} STACK=dev" in said
    assert "repairs what this run has left" in said


def test_a_preview_has_left_nothing() -> None:
    said = failed("preview", "dev")
    assert "nothing was changed" in said
    assert "repairs" not in said
