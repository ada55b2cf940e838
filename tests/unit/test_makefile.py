"""The same targets act on the sandbox or on a cluster, and tell the pipeline what it needs to know."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from telemetry.releases import CHARTS
from tests.support import REPO
from tests.waiting import until

ON_STACKS = (
    "up",
    "preview",
    "refresh",
    "destroy",
    "smoke",
    "validate",
    "checklist",
    "report",
    "drift",
    "explain",
    "repair",
    "adopt",
    "export-state",
    "restore-state",
    "deploy",
)


def make(*arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    # As a person would call it, though these tests may themselves run within `make test`.
    theirs = ("ON", "STACK", "ARGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in theirs}
    environment["PATH"] = f"{path}{environment['PATH']}"
    return subprocess.run(
        ["make", "-o", ".venv/.installed", *arguments], cwd=REPO, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("target", ON_STACKS)
def test_a_target_acts_on_the_sandbox_unless_told_otherwise(target: str) -> None:
    assert "python -m sandbox" in make("-n", target, "STACK=test").stdout
    cluster = make("-n", target, "STACK=test", "ON=cluster", "ARGS=--some-option").stdout
    assert "sandbox" not in cluster
    assert "test" in cluster
    assert "--some-option" in cluster


def test_the_rest_of_a_cluster_is_not_guessed_at() -> None:
    done = make("-n", "up", "ON=clutser")
    assert done.returncode != 0
    assert "ON=clutser is neither sandbox nor cluster" in done.stderr


def test_nothing_is_done_on_a_cluster_without_a_question_except_by_the_pipeline() -> None:
    asking = {target for target in ON_STACKS if "--yes" not in make("-n", target, "ON=cluster").stdout}
    assert asking == set(ON_STACKS) - {"deploy"}


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (2, 0), (3, 2), (1, 2)])
def test_a_report_with_changes_is_a_success_and_one_with_destruction_is_not(code: int, ends: int) -> None:
    assert make("report", "ON=cluster", f"COMMANDS=sh -c 'exit {code}'").returncode == ends


def test_nothing_is_proved_of_what_was_not_deployed(tmp_path: Path) -> None:
    pulumi = tmp_path / "pulumi"
    pulumi.write_text("#!/bin/sh\nexit 1\n")
    pulumi.chmod(0o755)
    done = make("deploy", "ON=cluster", "COMMANDS=echo", path=f"{tmp_path}{os.pathsep}")
    assert done.returncode != 0
    assert done.stdout.split("\n")[0] == "export-state dev"
    assert "smoke" not in done.stdout


def test_nothing_is_deployed_before_the_state_was_exported(tmp_path: Path) -> None:
    began = tmp_path / "began"
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f"#!/bin/sh\ntouch {began}\n")
    pulumi.chmod(0o755)
    assert make("deploy", "ON=cluster", "COMMANDS=false", path=f"{tmp_path}{os.pathsep}").returncode != 0
    assert not began.exists()


def test_the_options_of_an_up_are_none_of_the_exports() -> None:
    export, up = make("-n", "deploy", "ON=cluster", "ARGS=--refresh").stdout.splitlines()[:2]
    assert export.endswith("export-state dev ")
    assert up.endswith("--refresh")


@pytest.mark.parametrize("target", ["up", "deploy"])
def test_an_up_that_fails_on_a_cluster_is_explained_and_stays_failed(target: str, tmp_path: Path) -> None:
    (tmp_path / "pulumi").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "pulumi").chmod(0o755)
    done = make(target, "ON=cluster", "COMMANDS=echo", path=f"{tmp_path}{os.pathsep}")
    assert "error: telemetry:kubernetes.context: 'ca7f8f-dev' cannot be used" in done.stderr
    assert "Error 7" in done.stderr


def test_a_cancelled_run_reaches_pulumi_before_it_is_killed(tmp_path: Path) -> None:
    """As a runner does it: bash on a file, SIGINT to it alone, then SIGTERM, then SIGKILL."""
    said = tmp_path / "said"
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(
        f"#!/bin/sh\ntrap 'echo let go >> {said}; exit 1' TERM\necho runs >> {said}\nwhile :; do sleep 0.05; done\n"
    )
    pulumi.chmod(0o755)
    step = tmp_path / "step.sh"
    # An export holds no lock, and is no part of this.
    step.write_text('exec make -o .venv/.installed COMMANDS=true "$TARGET"\n')
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "ON": "cluster",
        "STACK": "dev",
        "TARGET": "deploy",
    }
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(step)]
    with subprocess.Popen(command, cwd=REPO, env=environment, start_new_session=True, stderr=subprocess.DEVNULL) as run:
        try:
            _wait_for(said, "runs")
            run.send_signal(signal.SIGINT)
            run.send_signal(signal.SIGTERM)
            _wait_for(said, "let go")
        finally:
            os.killpg(run.pid, signal.SIGKILL)


def _wait_for(file: Path, text: str) -> None:
    until(lambda: file.exists() and text in file.read_text(), lambda: f"never said {text!r}")


def test_every_target_explains_itself() -> None:
    makefile = (REPO / "Makefile").read_text()
    listed = {line.split()[0] for line in make("help").stdout.splitlines()}
    phony = makefile.partition(".PHONY:")[2].partition("\n\n")[0].replace("\\", "").split()
    assert listed == set(phony)


def test_compare_knows_the_stand_in_of_every_chart_and_takes_options() -> None:
    line = make("-n", "compare", "STACK=prod", "HELM=helm", "ARGS=--some-option").stdout
    assert [name for name in CHARTS if f"sandbox/charts/{name}" not in line] == []
    assert "--some-option" in line
