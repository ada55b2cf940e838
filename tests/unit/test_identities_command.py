"""`commands identities` as a user meets it; the engine is a script on PATH that says what it is told to."""

import json
import stat
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from telemetry.cli.app import app
from telemetry.object_store.identities import configuration, identities_of, placeholder
from tests.support import SECRETS, load_stack, tree

KEYS = SECRETS[:6]


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "220"}).invoke(app, ["identities", *map(str, arguments)])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with what `pulumi config get telemetry:credentials` answers."""
    answer, line = tmp_path / "answer", tmp_path / "line"
    answer.write_text(json.dumps(tree("prod")["credentials"]))
    script = tmp_path / "bin" / "pulumi"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"pathlib.Path({str(line)!r}).write_text(' '.join(sys.argv[1:]))\n"
        f"text = pathlib.Path({str(answer)!r}).read_text()\n"
        "print(text) if text else sys.exit('error: incorrect passphrase')\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=":")
    return answer


def test_without_secrets_it_asks_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    shown = run("prod")
    assert shown.exit_code == 0
    wanted = identities_of(load_stack("prod")).values()
    assert json.loads(shown.stdout) == configuration([(each, placeholder(each)) for each in wanted])


def test_the_shells_commands_are_shown_on_request() -> None:
    lines = run("test", "--shell").stdout.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("s3.configure -user=telemetry-test-") for line in lines)


def test_it_explains_itself() -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    assert "Ends with 0" in shown.output


@pytest.mark.parametrize("shell", [False, True])
def test_secrets_go_into_a_file_for_the_owner_alone_and_nowhere_else(engine: Path, tmp_path: Path, shell: bool) -> None:
    file = tmp_path / "s3.json"
    shown = run("prod", "--with-secrets", "--output", file, *(["--shell"] if shell else []))
    assert shown.exit_code == 0, shown.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text()
    assert all(key in content for key in KEYS)
    assert "${" not in content
    assert not any(secret in shown.output for secret in SECRETS)
    assert f"wrote {file}" in shown.output
    assert engine.with_name("line").read_text().startswith("config get telemetry:credentials -s prod")


def test_the_engine_is_told_of_another_settings_file(engine: Path, tmp_path: Path) -> None:
    other = Path("Pulumi.prod.yaml").absolute()
    assert run("prod", "--with-secrets", "--output", tmp_path / "new", "--config-file", other).exit_code == 0
    assert f"--config-file {other}" in engine.with_name("line").read_text()


def test_a_key_that_is_being_changed_comes_with_the_one_before(engine: Path, tmp_path: Path) -> None:
    answer = json.loads(engine.read_text())
    before = answer["traces"]
    answer["traces"] = {"access_key": "nk0-fake", "secret_key": "ns0-fake", "previous": before}
    engine.write_text(json.dumps(answer))
    file = tmp_path / "s3.json"
    assert run("prod", "--with-secrets", "--output", file).exit_code == 0
    found = {each["name"]: each["credentials"] for each in json.loads(file.read_text())["identities"]}
    assert found["telemetry-prod-traces"] == [
        {"accessKey": "nk0-fake", "secretKey": "ns0-fake"},
        {"accessKey": before["access_key"], "secretKey": before["secret_key"]},
    ]
    assert len(found["telemetry-prod-metrics"]) == 1


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ({"traces": {"previous": {"access_key": {"secure": "v1:x"}}}}, {"telemetry-prod-traces"}),
        ({"traces": {"access_key": {"secure": "v1:x"}}}, set()),
        ({"secure": "v1:x"}, set()),
    ],
    ids=["by paths", "not changing", "encrypted whole"],
)
def test_without_secrets_it_sees_in_the_file_which_key_is_being_changed(
    tmp_path: Path, shown: dict[str, object], names: set[str]
) -> None:
    file = tmp_path / "Pulumi.prod.yaml"
    content = yaml.safe_load(Path("Pulumi.prod.yaml").read_text())
    content["config"]["telemetry:credentials"] = shown
    file.write_text(yaml.safe_dump(content))
    found = json.loads(run("prod", "--config-file", file).stdout)["identities"]
    assert {each["name"] for each in found if len(each["credentials"]) == 2} == names


def test_secrets_are_never_printed(engine: Path) -> None:
    shown = run("prod", "--with-secrets")
    assert shown.exit_code == 2
    assert "--output" in shown.output
    assert not engine.with_name("line").exists()


def test_a_file_that_is_there_is_left_alone(engine: Path) -> None:
    file = engine.with_name("s3.json")
    file.write_text("mine")
    shown = run("prod", "--with-secrets", "--output", file)
    assert shown.exit_code == 1
    assert shown.output.startswith("error: ")
    assert "is there already" in shown.output
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "incorrect passphrase"),
        ("no JSON with pw0-fake", "telemetry:credentials: cannot be used because of its form"),
        ('{"traces": {"access_key": "pw0-fake"}}', "because of grafana, metrics, provisioner, traces.secret_key;"),
    ],
)
def test_credentials_that_cannot_be_had_are_one_message_without_them(
    engine: Path, tmp_path: Path, answer: str, said: str
) -> None:
    engine.write_text(answer)
    file = tmp_path / "s3.json"
    shown = run("prod", "--with-secrets", "--output", file)
    assert shown.exit_code == 1
    assert isinstance(shown.exception, SystemExit)
    assert said in shown.output
    assert "pw0-fake" not in shown.output
    assert not file.exists()
