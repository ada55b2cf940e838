"""Whose processes repair ends, and whose it leaves alone: seen on small ones with the names of pulumi's."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry.clients.processes import is_alive
from telemetry.operations.repair.processes import Runs, end_family, is_engine
from tests.waiting import until

ENGINE = './pulumi-resource-made-up "$1" & wait'
HELPER = "#!/bin/sh\nsh -c 'echo; exec sleep 120' & wait\n"  # it prints something once all three are there
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": "file:///made-up"}


@pytest.fixture
def runs(tmp_path: Path, environment: dict[str, str]) -> Runs:
    return Runs.of(environment, tmp_path)


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str], request: pytest.FixtureRequest) -> Start:
    """Starts an engine with one helper; all that are left are ended after the test."""
    shutil.copy(shutil.which("sh") or "", tmp_path / "pulumi")
    helper = tmp_path / "pulumi-resource-made-up"
    helper.write_text(HELPER)
    helper.chmod(0o755)

    def begin(address: str = "127.0.0.1:1", **variables: str) -> subprocess.Popen[str]:
        engine = subprocess.Popen(
            [tmp_path / "pulumi", "-c", ENGINE, "sh", address],
            cwd=tmp_path,
            env={**environment, **variables},
            stdout=subprocess.PIPE,
            text=True,
        )
        runs = Runs.of({**environment, **variables}, tmp_path)
        request.addfinalizer(lambda: end_family([*runs.engines(), *runs.orphans()]))
        assert engine.stdout is not None
        engine.stdout.readline()
        engine.stdout.close()
        return engine

    return begin


def test_a_running_engine_is_seen_and_its_helper_is_no_orphan(runs: Runs, start: Start) -> None:
    engine = start()
    assert [each.pid for each in runs.engines()] == [engine.pid]
    assert runs.orphans() == []
    assert is_engine(engine.pid)
    end_family(runs.engines())
    engine.wait()
    assert runs.engines() == []


def test_the_helper_of_a_killed_engine_is_ended_with_what_it_has_started(runs: Runs, start: Start) -> None:
    engine = start()
    engine.kill()
    os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)
    assert not is_engine(engine.pid), "not reaped yet, but gone"
    engine.wait()
    (orphan,) = until(runs.orphans)
    children = until(orphan.children)
    end_family([orphan])
    assert not any(map(is_alive, [orphan, *children]))
    assert runs.orphans() == []
    assert runs.engines() == []


@pytest.mark.parametrize(
    "variables",
    [{"PULUMI_HOME": "/elsewhere"}, {"PULUMI_BACKEND_URL": "file:///elsewhere"}, {"address": "by-hand"}],
    ids=lambda each: next(iter(each)),
)
def test_what_belongs_elsewhere_or_was_started_by_hand_is_left_alone(
    runs: Runs, start: Start, variables: dict[str, str]
) -> None:
    with start(**variables) as engine:
        engine.kill()
    assert runs.orphans() == []


def test_another_folders_runs_are_left_alone(start: Start, environment: dict[str, str], tmp_path: Path) -> None:
    engine = start()
    elsewhere = Runs.of(environment, tmp_path / "elsewhere")
    assert elsewhere.engines() == []
    end_family(Runs.of(environment, tmp_path).engines())
    engine.wait()
