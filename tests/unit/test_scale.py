"""How costs are said to grow with tenants and stacks, and what a command of the engine is measured by."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from sandbox.engine import EngineError
from sandbox.scale import page, stacks, tenants, took
from sandbox.scale.slope import Slope
from sandbox.scale.stacks import Cost, apart
from telemetry.grafana.views import environment_org
from telemetry.stack import Stack
from tests.support import load_tree, tree


@pytest.mark.parametrize(
    ("cost", "linear"),
    [
        (lambda count: 4.0 + 0.04 * count, True),
        (lambda count: 4.0 + 0 * count, True),
        (lambda count: 4.0 + 0.1 * (count % 3), True),
        (lambda count: 4.0 + 0.04 * count**2, False),
        (lambda count: 4.0 + 0.04 * count**1.5, False),
    ],
    ids=["straight", "none", "noise", "square", "between"],
)
@pytest.mark.parametrize("counts", [(10, 100, 1_000), (1, 10, 100, 1_000)])
def test_what_grows_with_the_square_is_told_from_what_does_not(
    counts: tuple[int, ...], cost: Any, linear: bool
) -> None:
    slope = Slope("x", "s", [(count, cost(count)) for count in counts])
    assert slope.is_linear is linear
    assert len(slope.steps) == len(counts) - 1


def test_the_square_shows_with_as_few_as_ten() -> None:
    assert not Slope("x", "s", [(count, float(count**2)) for count in stacks.COUNTS]).is_linear
    assert Slope("x", "s", [(count, 17.0 * count) for count in stacks.COUNTS]).is_linear


def cost(count: int, seconds: float) -> Cost:
    return Cost(count, 4.0, 17.0, seconds, 3.0 * count, 400_000 * count, 190_000_000, 110_000_000)


def test_stacks_are_a_table_with_what_one_more_takes() -> None:
    costs = [cost(1, 17), cost(3, 51), cost(10, 1_000)]
    text = page.of_stacks(Console(quiet=True), costs)
    assert "| 10 | 4.0 | 17.0 | 1000.0 | 30.0 | 4.00 | 190 | 110 |" in text
    assert "| up of all | 17 s | 136 s | **more than linear** |" in text
    assert "| preview of all, no change | 3 s | 3 s | linear at most |" in text
    assert "| memory of the program | 0 MB | 0 MB | linear at most |" in text
    assert page.of_stacks(Console(quiet=True), []) == page.of_tenants(Console(quiet=True), []) == ""


def test_tenants_have_a_slope_too_where_there_are_counts_enough() -> None:
    def of(count: int) -> tenants.Cost:
        seconds = 4 + 0.04 * count
        return tenants.Cost(count, seconds, seconds, None, seconds, seconds, 5.0, 23_000 * count, 2 * 10**8, 10**8, ())

    text = page.of_tenants(Console(quiet=True), [of(count) for count in tenants.COUNTS])
    assert "| For each tenant more | 1 to 10 | 10 to 100 | 100 to 1,000 |  |" in text
    assert "| preview of a new stack | 0.04 s | 0.04 s | 0.04 s | linear at most |" in text
    assert "| state | 0.023 MB | 0.023 MB | 0.023 MB | linear at most |" in text
    assert "For each tenant more" not in page.of_tenants(Console(quiet=True), [of(1), of(10)])


def test_stacks_beside_each_other_share_nothing() -> None:
    def settings(number: int) -> Stack:
        config = {f"telemetry:{key}": value for key, value in tree("dev").items()}
        config |= apart(config, number, organisation=number + 1)
        return load_tree({key.removeprefix("telemetry:"): value for key, value in config.items()}, "dev")[0]

    def own(stack: Stack) -> set[object]:
        buckets = {name for backend in stack.backends for name in backend.buckets.values()}
        organisations = {environment_org(stack), *(tenant.grafana_org for tenant in stack.tenants)}
        return {stack.namespace.name, *buckets, *organisations}

    assert own(settings(1)).isdisjoint(own(settings(2)))


def test_a_command_is_timed_and_what_it_said_is_kept() -> None:
    done = took.run([sys.executable, "-c", "print('done')"], os.environ)
    assert (done.output, done.program) == ("done\n", 0)
    assert done.seconds > 0


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(EngineError, match="no such stack"):
        took.run([sys.executable, "-c", "raise SystemExit('no such stack')"], os.environ)


def test_the_program_is_found_behind_the_host_that_the_engine_starts(tmp_path: Path) -> None:
    program = tmp_path / "pulumi-language-python-exec"
    program.write_text("print('up', flush=True)\ninput()\n")
    host = f"import subprocess; subprocess.run([{sys.executable!r}, {str(program)!r}])"
    with subprocess.Popen([sys.executable, "-c", host], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline() == b"up\n"
        found = took._program(psutil.Process(engine.pid))
        assert found is not None
        assert found.memory_info().rss > 0
        engine.communicate(b"\n")
    assert took._program(psutil.Process()) is None
