"""What the sandbox's commands print where no world is needed to tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from sandbox import cli, session


def pretend(monkeypatch: pytest.MonkeyPatch, outputs: dict[str, Any]) -> None:
    """Put a sandbox in place that mends something first, and has these outputs."""

    @contextmanager
    def sandbox(_: str) -> Iterator[Any]:
        session.console.print("What a killed or failed run has left")
        toolchain = SimpleNamespace(ensure=lambda _: None)
        engine = SimpleNamespace(environment={"PULUMI_HOME": "/x y"}, toolchain=toolchain, json=lambda *_: outputs)
        yield SimpleNamespace(engine=engine, connections=SimpleNamespace(real_nodes=False))

    monkeypatch.setattr(cli, "opened", sandbox)
    monkeypatch.setattr(session.console, "stderr", False)


def test_what_a_shell_is_to_run_stands_alone_on_the_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {})
    done = CliRunner().invoke(cli.app, ["env"])
    assert done.stdout == "export PULUMI_HOME='/x y'\n"
    assert "What a killed or failed run has left" in done.stderr


def test_a_validation_of_nothing_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {})
    done = CliRunner().invoke(cli.app, ["validate", "prod"])
    assert done.exit_code == 1
    assert "nothing is deployed yet; first: make up STACK=prod" in done.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--replicas", "2"], "docs/load.md has no table of 2 replicas; add --no-page, or have 1 or 3"),
        (["--backend", "tempo"], "there is no backend tempo; there are mimir and thanos"),
    ],
)
def test_a_run_of_load_that_cannot_be_is_refused_before_it_begins(given: list[str], said: str) -> None:
    done = CliRunner().invoke(cli.app, ["load", *given])
    assert done.exit_code == 1
    assert said in done.output


def test_every_command_has_help() -> None:
    names = [each.name or each.callback.__name__ for each in cli.app.registered_commands if each.callback]
    assert {"up", "preview", "validate", "status", "exec", "bench", "faults"} <= set(names)
    for name in names:
        done = CliRunner().invoke(cli.app, [name, "--help"])
        assert done.exit_code == 0, done.output
        assert f"Usage: root {name}" in done.output
