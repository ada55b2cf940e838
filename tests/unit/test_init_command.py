"""`init` as a command: what it refuses before it asks, how it ends, and that no secret is in a command line."""

import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from telemetry.cli import init as init_command
from telemetry.cli.app import app
from telemetry.object_store.identities import identities_of, placeholder
from telemetry.operations.init.questions import QUESTIONS
from tests.support import load_stack
from tests.unit.test_init import GIVEN

PULUMI = """#!/bin/sh
echo "$*" >> {log}
case "$1 $2" in
  "stack select") [ -f {file} ] || echo "encryptionsalt: v1:salt" > {file} ;;
  "config set") cat >> {secrets}; echo >> {secrets} ;;
  "preview -s") exit {status} ;;
esac
"""
"""Notes how it is called, makes a stack's file as the real one does, and keeps secrets apart."""
SETTINGS = {key: answer for key, answer in GIVEN.items() if not key.startswith("credentials")}
FLAGS = [word for key, answer in SETTINGS.items() for word in ("--set", f"{key}={answer}")]
AUTH = {"TELEMETRY_DEV_GRAFANA_AUTH": "ga0-fake"}
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`init dev` in an empty project, with a pulumi that notes what it is told; its preview ends with `status`."""
    monkeypatch.setattr(init_command, "PROJECT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def run(*options: str, status: int = 0, **environment: str) -> tuple[int, str]:
        program = tmp_path / "pulumi"
        places = {"log": tmp_path / "log", "secrets": tmp_path / "secrets", "file": tmp_path / "Pulumi.dev.yaml"}
        program.write_text(PULUMI.format(**places, status=status))
        program.chmod(stat.S_IRWXU)
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["init", "dev", *options], env=environment)
        return done.exit_code, done.output

    return run


def test_a_file_with_settings_is_left_alone(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config: {telemetry:environment: dev}\n")
    code, said = run(*FLAGS)
    assert code == 1
    assert "Pulumi.dev.yaml: is there already, and is left alone" in said
    assert file.read_text() == "config: {telemetry:environment: dev}\n"
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(("content", "said"), [("config: [", "is no YAML"), ("just text", "has no config")])
def test_so_is_one_that_is_none(run: Run, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(content)
    code, printed = run(*FLAGS)
    assert (code, said in printed) == (1, True), printed
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == content


def test_there_is_no_other_environment() -> None:
    done = CliRunner().invoke(app, ["init", "staging"])
    assert done.exit_code == 1
    assert "'staging': must be 'dev', 'test' or 'prod'" in done.output


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("grafana.ur=x", "--set grafana.ur: is no question (did you mean grafana.url?)"),
        ("credentials.grafana.auth=ga0-fake", "is a secret, and would stand in the list of processes"),
    ],
)
def test_what_no_answer_can_be_is_refused_before_anything_is_made(
    run: Run, option: str, said: str, tmp_path: Path
) -> None:
    code, shown = run("--set", option)
    assert code == 1
    assert said in shown
    assert "ga0-fake" not in shown
    assert not (tmp_path / "log").exists()


def test_without_a_terminal_what_is_missing_is_listed_and_nothing_written(run: Run, tmp_path: Path) -> None:
    code, said = run("--untried")
    assert code == 2
    assert "telemetry:grafana.url: is not set; give it with --set grafana.url=…" in said
    assert "credentials.grafana.auth: is not set; give it in TELEMETRY_DEV_GRAFANA_AUTH\n" in said
    assert "give it in TELEMETRY_DEV_TRACES_SECRET_KEY, or say --make-keys" in said
    assert "config" not in yaml.safe_load((tmp_path / "Pulumi.dev.yaml").read_text())


def test_secrets_go_through_a_pipe_and_the_rest_into_the_file(run: Run, tmp_path: Path) -> None:
    code, said = run(*FLAGS, "--untried", "--make-keys", **AUTH)
    assert code == 0, said
    content = yaml.safe_load((tmp_path / "Pulumi.dev.yaml").read_text())
    assert content["encryptionsalt"] == "v1:salt"
    assert content["config"]["telemetry:grafana"] == {"url": SETTINGS["grafana.url"]}
    secrets = (tmp_path / "secrets").read_text().split()
    assert len(secrets) == 7
    assert "ga0-fake" in secrets
    calls = (tmp_path / "log").read_text()
    assert (
        "config set -s dev --non-interactive --color=never --secret --path telemetry:credentials.traces.secret_key\n"
        in calls
    )
    everywhere = calls + said + (tmp_path / "Pulumi.dev.yaml").read_text()
    assert [each for each in secrets if each in everywhere] == []
    assert calls.splitlines()[-1] == "preview -s dev"
    assert "python -m telemetry identities dev --with-secrets --output s3.json" in said


def test_a_preview_that_fails_is_no_success_and_the_file_stays(run: Run, tmp_path: Path) -> None:
    assert run(*FLAGS, "--untried", "--make-keys", status=3, **AUTH)[0] == 1
    assert "config" in yaml.safe_load((tmp_path / "Pulumi.dev.yaml").read_text())


@pytest.mark.parametrize(("status", "following"), [(0, "up"), (1, "preview")])
def test_what_comes_next_is_an_up_only_after_a_preview_that_worked(run: Run, status: int, following: str) -> None:
    _, said = run(*FLAGS, "--make-keys", "--untried", status=status, **AUTH)
    assert f"Next: make {following} STACK=dev ON=cluster" in said
    assert ("mend what is wrong in Pulumi.dev.yaml" in said) == bool(status)


def test_an_answer_that_is_needed_is_asked_for_again_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["", " ", "https://grafana.example.org"])
    monkeypatch.setattr("telemetry.cli.init.typer.prompt", lambda *_, **__: next(typed))
    console = Console(record=True, file=StringIO())
    (question,) = (each for each in QUESTIONS if each.key == "grafana.url")
    assert init_command._Terminal(console).answer(question, ()) == "https://grafana.example.org"
    assert console.export_text().count("An answer is needed") == 2


def test_s3_keys_are_taken_from_the_variables_that_identities_names() -> None:
    identities = identities_of(load_stack("dev"))
    named = {
        f"credentials.{place}.{part}": getattr(placeholder(identity), part).get_secret_value().strip("${}")
        for place, identity in identities.items()
        for part in ("access_key", "secret_key")
    }
    asked = {each.key: init_command._variable("dev", each.key) for each in QUESTIONS if each.secret}
    assert named.items() <= asked.items()
