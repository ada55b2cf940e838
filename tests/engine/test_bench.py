"""What `make bench` says of a measurement, what it keeps of its page, and that it can still run the program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from sandbox import bench
from sandbox.bench_programs import WHOLE_PROGRAM
from sandbox.scale.tenants import Cost
from tests.support import REPO, as_engine_gives, tree

MANY = Cost(
    tenants=1_000,
    preview=61.0,
    up=1.0,
    up_with_all_checkpoints=None,
    no_change=1.0,
    preview_of_one_more=1.0,
    up_of_one_more=1.0,
    state=1,
    engine=200_000_000,
    program=450_000_000,
    touched=(),
)


@pytest.mark.parametrize(
    ("line", "goal", "verdict"),
    [
        (bench.Line("x", 3.0, 2.0, 1.5), "1.5x", "met"),
        (bench.Line("x", 3.1, 2.0, 1.5), "1.5x", "missed"),
        (bench.Line("x", 60.0, most=60), "60 s", "met"),
        (bench.Line("x", 60.1, most=60), "60 s", "missed"),
        (bench.Line("x", 60.1), "", ""),
    ],
)
def test_a_line_says_whether_its_goal_is_met(line: bench.Line, goal: str, verdict: str) -> None:
    assert line.cells()[-2:] == (goal, verdict)


def test_what_is_written_by_hand_and_what_was_not_measured_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "docs" / "performance.md"
    page.parent.mkdir()
    parts = ("speed", "set-up", "tenants", "stacks")
    marked = [f"<!-- {part}: written by make bench -->\n\nold {part}\n\n<!-- end of {part} -->\n" for part in parts]
    page.write_text("# Performance\n\n" + "\nBy hand.\n".join(marked) + "\n## Where the time goes\n\nThere.\n")
    monkeypatch.setattr(bench, "REPO", tmp_path)
    bench.report(Console(quiet=True), [bench.Line("preview", 3.0)], [], [MANY], [])
    written = page.read_text()
    assert written.endswith("\n\n## Where the time goes\n\nThere.\n")
    assert written.count("By hand.") == 3
    assert "| preview of a new stack of 1,000 tenants | 61.00 | 60 s | missed |" in written
    assert "| 1,000 | 61.0 | 1.0 |  | 1.0 | 1.0 | 1.0 | 0.00 | 200 | 450 | 0 |" in written
    assert [part for part in parts if f"old {part}" in written] == ["set-up", "stacks"]


def test_the_program_that_is_timed_runs() -> None:
    config = {
        "PULUMI_CONFIG": json.dumps(as_engine_gives(tree("dev"))),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(["telemetry:credentials"]),
    }
    done = subprocess.run(
        [sys.executable, "-c", WHOLE_PROGRAM],
        cwd=REPO,
        env={**os.environ, **config},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
