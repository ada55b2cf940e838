"""The newcomer's commands, in a state directory of their own: killed in the middle, run again, looked at, wiped."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain

pytestmark = pytest.mark.sandbox


@dataclass(frozen=True)
class Cli:
    """`python -m sandbox` on one state directory."""

    state: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=REPO,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed, and return what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "sandbox", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment, with the state directory in it."""
        return {**os.environ, "TELEMETRY_SANDBOX_STATE": str(self.state), "COLUMNS": "160"}

    def processes(self) -> list[psutil.Process]:
        """Return the processes that name the state directory."""
        found = []
        for process in psutil.process_iter():
            try:
                if any(str(self.state) in argument for argument in process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
        return found


@pytest.fixture(scope="module")
def cli(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The commands, after an `up` that was killed with -9 in the middle of making things."""
    toolchain.ensure(["mimir"])
    cli = Cli(tmp_path_factory.mktemp("cli") / "state")
    with subprocess.Popen(
        cli.command("up"), cwd=REPO, env=cli.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Release mimir creating" in line:
                process.send_signal(signal.SIGKILL)
                break
    yield cli
    cli.run("down", "--wipe")


def test_exec_runs_anything_where_plain_tools_work_and_mends_nothing_first(cli: Cli) -> None:
    script = "pulumi stack -s dev; helm list -A; cat $KUBECONFIG; exit 7"
    done = cli.run("exec", "dev", "--", "sh", "-c", script)
    assert done.returncode == 7, done.stdout + done.stderr
    assert "killed" not in done.stdout
    for part in ("pulumi:pulumi:Stack", "APP VERSION", "current-context: sandbox"):
        assert part in done.stdout
    done = cli.run("exec", "dev", "--", "no-such-program")
    assert (done.returncode, "no program 'no-such-program' on PATH" in done.stdout) == (1, True)


def test_up_after_a_kill_says_what_it_mended_and_shows_what_was_made(cli: Cli) -> None:
    printed = cli.must("up")
    assert "left over from a killed run" in printed
    for made in ("dts-metrics-dev-alertmanager", "11 of 11 pods ready", "Tempo (dev)", "400m"):
        assert made in printed


@pytest.mark.nightly  # by day: a preview that expects no changes, below
def test_up_again_changes_nothing_in_seconds(cli: Cli) -> None:
    cli.must("up")  # whatever has run before
    begun = time.monotonic()
    printed = cli.must("up")
    assert "created" not in printed
    assert "updated" not in printed
    assert time.monotonic() - begun < 60


def test_status_shows_that_everything_runs(cli: Cli) -> None:
    printed = cli.must("status")
    assert "kube-apiserver" in printed
    assert "stopped" not in printed


def test_a_plain_pulumi_works_in_the_printed_environment(cli: Cli) -> None:
    exports = cli.must("env")
    config_file = shlex.quote(str(cli.state / "project" / "Pulumi.dev.yaml"))
    script = f"{exports}\npulumi preview -s dev --non-interactive --expect-no-changes --config-file {config_file}"
    done = subprocess.run(["sh", "-ec", script], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stack_is_validated_on_a_real_mimir_and_what_is_not_there_is_skipped(cli: Cli) -> None:
    printed = cli.must("validate")
    assert "block in the bucket after a flush: anonymous/" in printed
    assert "OTLP/gRPC in, by id out: no route to traces-ingest." in printed
    assert "12 checks: 5 passed, 0 failed, 7 skipped" in printed


def test_an_unknown_stack_is_one_message(cli: Cli) -> None:
    done = cli.run("up", "staging")
    assert done.returncode == 1
    assert "STACK is one of dev, test, prod" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_down_wipe_leaves_nothing(cli: Cli) -> None:
    cli.must("down", "--wipe")
    assert cli.processes() == []
    assert not cli.state.exists()
