"""Checks end in their time whatever hangs, and how they ended decides the exit code."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from telemetry.clients.retry import retry
from telemetry.operations.validation import runner
from telemetry.operations.validation.report import exit_code
from telemetry.operations.validation.runner import Bounds, run
from telemetry.spec.checks import Check, CheckFailed, CheckSkipped, Lane, Refused, Result, State


def lane(name: str, *runs: Callable[[float], str]) -> Lane:
    return Lane(name, tuple(Check("metrics", f"check {number}", each) for number, each in enumerate(runs)))


def results(*lanes: Lane, bounds: Bounds) -> list[Result]:
    told: list[Result] = []
    ended = run(lanes, bounds, told.append)
    assert sorted(told, key=str) == sorted(ended, key=str), "each result is told of, once"
    return ended


def fine(_: float) -> str:
    return "seen"


def hangs(_: float) -> str:
    threading.Event().wait()
    return "never"


def raising(error: Exception) -> Callable[[float], str]:
    def check(_: float) -> str:
        raise error

    return check


def test_a_check_that_hangs_is_ended_and_those_after_it_are_done() -> None:
    begun = time.monotonic()
    ended = results(lane("a", hangs, fine), lane("b", fine), bounds=Bounds(check=0.3, overall=60))
    assert time.monotonic() - begun < 20
    assert [(each.lane, each.state) for each in ended] == [("a", "failed"), ("a", "passed"), ("b", "passed")]
    assert ended[0].detail.startswith("did not end within 0.3 s")
    assert ended[0].seconds >= 0.3


def test_all_together_end_in_their_time() -> None:
    ended = results(lane("a", hangs, fine, fine), bounds=Bounds(check=60, overall=0.3))
    assert [each.state for each in ended] == ["failed"] * 3
    assert "was not begun: all checks together may take 0.3 s" in ended[1].detail


def test_how_a_check_ends_is_told() -> None:
    runs = [
        fine,
        raising(CheckFailed("no sample")),
        raising(CheckSkipped("no route")),
        raising(ZeroDivisionError("oh")),
    ]
    ended = results(lane("a", *runs), bounds=Bounds())
    assert [(each.state, each.detail) for each in ended] == [
        ("passed", "seen"),
        ("failed", "no sample"),
        ("skipped", "no route"),
        ("failed", "the check itself broke: ZeroDivisionError: oh"),
    ]


def test_lanes_run_side_by_side() -> None:
    meet = threading.Barrier(3, timeout=20)

    def waits(_: float) -> str:
        meet.wait()
        return "met"

    ended = results(*(lane(name, waits) for name in "abc"), bounds=Bounds(at_once=3))
    assert [each.detail for each in ended] == ["met"] * 3


def test_what_takes_a_while_is_tried_again_and_a_refusal_is_not() -> None:
    tried: list[int] = []

    def attempt(error: Exception) -> str:
        tried.append(len(tried))
        if len(tried) < 3:
            raise error
        return "found"

    assert retry(lambda: attempt(CheckFailed("not yet")), 20) == "found"
    tried.clear()
    with pytest.raises(Refused):
        retry(lambda: attempt(Refused("401")), 20)
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("states", "code", "allowed"),
    [
        (["passed", "passed"], 0, 0),
        (["passed", "skipped"], 3, 0),
        (["passed", "failed", "skipped"], 1, 1),
        (["skipped"], 1, 1),
        ([], 1, 1),
    ],
)
def test_a_skipped_check_never_counts_as_passed(states: list[State], code: int, allowed: int) -> None:
    ended = [Result("a", "metrics", "check", state, "", 0) for state in states]
    assert exit_code(ended, allow_skipped=False) == code
    assert exit_code(ended, allow_skipped=True) == allowed


def test_who_interrupts_waits_for_no_check_that_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    leaving, began = threading.Event(), list[str]()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, *arguments: Any, **options: Any) -> None:
            leaving.set()
            super().shutdown(*arguments, **options)

    def under_way(_: float) -> str:
        began.append("first")
        leaving.wait()
        return "seen"

    def next_one(_: float) -> str:
        began.append("second")
        return "seen"

    def interrupted(result: Result) -> None:
        if result.lane == "a":
            raise KeyboardInterrupt

    monkeypatch.setattr(runner, "ThreadPoolExecutor", Pool)
    with pytest.raises(KeyboardInterrupt):
        run([lane("a", fine), lane("b", under_way, next_one)], Bounds(at_once=2), interrupted)
    assert "second" not in began
