"""What a tenant costs the program, in calls and in outputs: seconds of a busy machine would say little."""

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest

from sandbox.scale.tenants import with_tenants
from tests.engine.recorder import run_program
from tests.support import tree

NONE, FEW, MANY = 1, 31, 61


@dataclass
class Cost:
    """What a run of the program took."""

    calls: int = 0
    """Of functions, our own and others'."""
    waited_for: int = 0
    """Tasks that the SDK has waited for the first of, each as often as it did."""


@pytest.fixture(scope="module")
def costs() -> dict[int, Cost]:
    """By number of tenants; a run before them imports what is imported once."""
    cost_of(NONE)
    return {tenants: cost_of(tenants) for tenants in (NONE, FEW, MANY)}


def cost_of(tenants: int) -> Cost:
    cost, wait = Cost(), asyncio.wait

    def count(_frame: FrameType, event: str, _value: Any) -> None:
        cost.calls += event in ("call", "c_call")

    async def counted(tasks: Iterable[Any], **how: Any) -> Any:
        waited_for = list(tasks)
        cost.waited_for += len(waited_for)
        return await wait(waited_for, **how)

    settings = tree()
    settings |= {key.removeprefix("telemetry:"): value for key, value in with_tenants({}, tenants).items()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncio, "wait", counted)
        sys.setprofile(count)
        try:
            run_program(settings, "dev", preview=True)
        finally:
            sys.setprofile(None)
    return cost


def test_the_next_tenants_cost_what_the_first_ones_did(costs: dict[int, Cost]) -> None:
    first, next_ones = costs[FEW].calls - costs[NONE].calls, costs[MANY].calls - costs[FEW].calls
    assert next_ones == pytest.approx(first, rel=0.05)  # the process has its own caches, which fill unevenly


def test_the_sdk_does_not_wait_for_all_that_is_open_again_and_again(costs: dict[int, Cost]) -> None:
    """It does where no registration has begun when the program's body ends: then for each that comes in."""
    assert costs[MANY].waited_for < MANY
