"""The commands as a user meets them: what they print, what they write, and how they end."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from telemetry.capacity import tables
from telemetry.capacity.figures import report
from telemetry.capacity.fit import check
from telemetry.cli.app import app
from telemetry.clients.cli_tools import Pulumi
from telemetry.releases import releases_of
from telemetry.spec.release import Release
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file
from tests.support import ENVIRONMENTS, REPO, Change, all_of, drop, load_stack, put, tree

NO_INCREASE = all_of(drop("namespace.quota_increase"), drop("namespace.requested_quota"))
MOVING = put(
    "traces.moving_from", {"chart": {"name": "tempo", "version": "2.2.4", "reference": "./sandbox/charts/tempo"}}
)
SCALED = all_of(drop("metrics.roles.querier.replicas"), put("metrics.roles.querier.autoscaling", {}))


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "220"}).invoke(app, [str(each) for each in arguments])


def stack_config(path: Path, environment: str, *changes: Change) -> Path:
    """Write a stack's file as `pulumi config set --secret` leaves it: the credentials are there, but encrypted."""
    settings = tree(environment)
    all_of(*changes)(settings)
    settings["credentials"] = {"secure": "v1:made-up:made-up"}
    config = {f"telemetry:{key}": value for key, value in settings.items()}
    path.write_text(yaml.safe_dump({"encryptionsalt": "v1:made-up", "config": config}))
    return path


@pytest.mark.parametrize("arguments", [(), ("capacity",), ("compare",)])
def test_every_command_explains_itself(arguments: tuple[str, ...]) -> None:
    shown = run(*arguments, "--help")
    assert shown.exit_code == 0
    assert "Usage" in shown.output
    if arguments:
        assert "Ends with 0" in shown.output


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_settings_are_those_that_the_program_is_given(environment: str) -> None:
    assert stack_file.load(environment) == load_stack(environment)


def test_capacity_prints_the_tables_and_the_verdict() -> None:
    shown = run("capacity", "prod")
    assert shown.exit_code == 0, "a stack that is only warned of would be deployed"
    for words in ("Phase 1 total", "2900m", "13.5Gi", "6480m", "35%", "6940m", "31%", "Does it fit?"):
        assert words in shown.output
    assert "warning: telemetry:namespace.quota_increase: requested:" in shown.output


def test_capacity_writes_what_it_shows(tmp_path: Path) -> None:
    page, image = tmp_path / "page.md", tmp_path / "image.svg"
    shown = run("capacity", "prod", "--markdown", page, "--picture", image)
    stack = load_stack("prod")
    assert page.read_text() == tables.markdown(report(stack), check(stack))
    assert image.read_text().startswith("<svg ")
    assert f"wrote {page}" in shown.output.replace("\n", "")


def test_a_stack_that_would_be_refused_ends_with_1_and_is_shown_all_the_same(tmp_path: Path) -> None:
    file = stack_config(tmp_path / "Pulumi.prod.yaml", "prod", NO_INCREASE)
    shown = run("capacity", "prod", "--config-file", file)
    assert shown.exit_code == 1
    assert "Phase 1 total" in shown.output
    assert "refused: telemetry:namespace.quota.cpu: 2630m used + 3360m new = 5990m" in shown.output


def test_secrets_are_neither_needed_nor_shown(tmp_path: Path) -> None:
    file = stack_config(tmp_path / "Pulumi.prod.yaml", "prod")
    assert stack_file.load("prod", file) == load_stack("prod")
    assert "made-up" not in run("capacity", "prod", "--config-file", file).output


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("config: [", "is no YAML"),
        ("config: {'telemetry:environment': dev, 'telemetry:environment': prod}", "environment is given twice"),
        ("encryptionsalt: v1", "has no config"),
        ("just text", "has no config"),
        ("config: {1: 2}", "config.1: is no key"),
        ("config: {'telemetry:environment': prod}", "telemetry:environment: is 'prod', but the stack is named 'dev'"),
        ("config: {'telemetry:environment': dev, 'telemetry:tracs': 1}", "telemetry:tracs: unknown key"),
        ("config: {'telemetry:environment': 2026-01-01}", "telemetry:environment: "),
    ],
)
def test_a_file_that_cannot_be_used_is_one_message_and_no_traceback(tmp_path: Path, content: str, finding: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    for command in (("capacity",), ("compare", "--tempo-chart", tmp_path, "--mimir-chart", tmp_path)):
        shown = run(command[0], "dev", *command[1:], "--config-file", file)
        assert shown.exit_code == 1
        assert isinstance(shown.exception, SystemExit)
        assert shown.output.startswith("error: ")
        assert finding in shown.output


def test_a_stack_that_does_not_exist_is_told_which_do() -> None:
    shown = run("capacity", "staging")
    assert shown.exit_code == 1
    assert "Pulumi.dev.yaml, Pulumi.prod.yaml, Pulumi.test.yaml" in shown.output
    with pytest.raises(ConfigError):
        stack_file.load("staging")


def test_a_place_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    shown = run("capacity", "dev", "--markdown", tmp_path / "none" / "page.md")
    assert shown.exit_code == 1
    assert "No such file" in shown.output


@pytest.mark.parametrize("command", ["smoke", "validate", "checklist"])
def test_a_stack_of_which_no_up_was_whole_is_one_message(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(Pulumi, "json", lambda *_: {})
    monkeypatch.setattr("telemetry.cli.smoke.check_releases", lambda *_: None)
    shown = run(command, "dev")
    assert (shown.exit_code, "error: dev has no outputs" in shown.output) == (1, True), shown.output


@pytest.mark.parametrize("program", ["none", "."])
def test_a_command_that_cannot_be_run_is_one_message(tmp_path: Path, program: str) -> None:
    shown = run("explain", "dev", "--", tmp_path / program)
    assert (shown.exit_code, shown.output.startswith("error: ")) == (1, True), shown.output


def test_a_wrong_call_ends_with_2() -> None:
    assert run("capacity").exit_code == 2
    assert run("compare", "dev", "--tempo-chart").exit_code == 2


def test_it_runs_as_a_module_also_where_the_terminal_has_few_characters() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "telemetry", "capacity", "prod"]
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "pods will be rejected until the increase is granted" in done.stdout


def test_nobody_is_told_that_nobody_reads() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "telemetry", "rules", "prod"]
    done = subprocess.run(command, cwd=REPO, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


# compare: with a helm that is a few lines of Python and renders what the test wants.


@pytest.fixture
def charts(tmp_path: Path) -> list[str | Path]:
    """Options that name a folder with nothing but a Chart.yaml for each chart of prod."""
    for name, version in (("tempo", "2.2.4"), ("tempo-distributed", "2.26.2"), ("mimir-distributed", "6.1.0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Chart.yaml").write_text(yaml.safe_dump({"name": name, "version": version}))
    tempo = [option for name in ("tempo", "tempo-distributed") for option in ("--tempo-chart", tmp_path / name)]
    return [*tempo, "--mimir-chart", tmp_path / "mimir-distributed"]


def fake_helm(path: Path, rendered: dict[str, list[Any]]) -> Path:
    """Write a program that answers `helm template RELEASE …` with that release's objects, or fails without any."""
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, sys\n"
        "json.load(sys.stdin)\n"
        f"rendered = json.loads({json.dumps(rendered)!r})\n"
        "assert sys.argv[1] == 'template' and '--kube-version' in sys.argv\n"
        "sys.exit('Error: no such release') if sys.argv[2] not in rendered else None\n"
        "print('\\n---\\n'.join(map(json.dumps, rendered[sys.argv[2]])))\n"
    )
    path.chmod(0o755)
    return path


def as_reported(release: Release) -> list[Any]:
    """Return a workload for each role that asks for just what the report says; replicas are left to autoscalers."""
    return [
        {
            "kind": "StatefulSet" if role.volume else "Deployment",
            "metadata": {"name": f"{release.name}-{name}"},
            "spec": {
                "replicas": None if role.autoscaling else role.replicas,
                "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": role.volume}}}}]
                * bool(role.volume),
                "template": {
                    "spec": {
                        "containers": [{"resources": {"requests": {"cpu": f"{role.cpu}m", "memory": role.memory}}}]
                    }
                },
            },
        }
        for name, role in release.roles.items()
    ]


def test_compare_ends_with_0_if_the_charts_ask_for_what_the_report_says(
    tmp_path: Path, charts: list[str | Path]
) -> None:
    file = stack_config(tmp_path / "Pulumi.prod.yaml", "prod", MOVING, SCALED)
    releases = releases_of(load_stack("prod", MOVING, SCALED))
    helm = fake_helm(tmp_path / "helm", {each.name: as_reported(each) for each in releases})
    shown = run("compare", "prod", *charts, "--helm", helm, "--config-file", file)
    assert shown.exit_code == 0, shown.output
    compared = [line.split("  ")[0] for line in shown.output.splitlines() if " asked " in line]
    assert compared == ["tempo-distributed", "tempo", "mimir", "mimir, autoscaled", "gateway"]


def test_compare_ends_with_1_and_the_difference_if_they_ask_for_more(tmp_path: Path, charts: list[str | Path]) -> None:
    releases = releases_of(load_stack("prod"))
    rendered = {each.name: as_reported(each) for each in releases}
    rendered["mimir"].append(
        {"kind": "Pod", "metadata": {}, "spec": {"containers": [{"resources": {"limits": {"cpu": "7m"}}}]}}
    )
    shown = run("compare", "prod", *charts, "--helm", fake_helm(tmp_path / "helm", rendered))
    assert shown.exit_code == 1
    differences = [line.split()[-6:] for line in shown.output.splitlines() if "difference" in line]
    nothing = ["difference", "0", "0", "0", "0", "0"]
    assert differences == [nothing, ["difference", "7m", "0", "0", "1", "0"], nothing]


def test_compare_says_what_keeps_it_from_comparing(tmp_path: Path, charts: list[str | Path]) -> None:
    helm = fake_helm(tmp_path / "helm", {})
    assert "helm cannot render" in run("compare", "prod", *charts, "--helm", helm).output
    assert "give its path with --helm" in run("compare", "prod", *charts, "--helm", tmp_path / "none").output
    wrong = ["--tempo-chart", tmp_path / "tempo", *charts[-2:]]
    shown = run("compare", "prod", *wrong, "--helm", helm)
    assert "is of the chart tempo-distributed, but given is tempo, mimir-distributed" in shown.output
    assert "is no chart" in run("compare", "prod", "--tempo-chart", tmp_path, *charts[-2:], "--helm", helm).output
    uncountable = {
        each.name: [{"kind": "DaemonSet", "metadata": {"name": "d"}}] for each in releases_of(load_stack("prod"))
    }
    shown = run("compare", "prod", *charts, "--helm", fake_helm(tmp_path / "helm", uncountable))
    assert (shown.exit_code, "DaemonSet d: runs on every node" in shown.output) == (1, True)


def test_compare_notes_a_chart_of_another_version(tmp_path: Path, charts: list[str | Path]) -> None:
    (tmp_path / "mimir-distributed" / "Chart.yaml").write_text("{name: mimir-distributed, version: 6.2.0}")
    rendered = {each.name: as_reported(each) for each in releases_of(load_stack("prod"))}
    shown = run("compare", "prod", *charts, "--helm", fake_helm(tmp_path / "helm", rendered))
    assert shown.exit_code == 0
    assert "note: chart mimir-distributed is 6.2.0; the program deploys 6.1.0" in shown.output


def test_json_is_asked_for_in_the_same_way_of_every_command() -> None:
    """A flag that prints, beside a file to write it to."""
    commands = typer.main.get_group(app).commands
    flags = {
        name: {text: vars(each)["is_flag"] for each in of.params for text in each.opts if text.startswith("--")}
        for name, of in commands.items()
    }
    having = {name: options for name, options in flags.items() if "--json" in options}
    assert having.keys() >= {"report", "policies", "size", "drift", "validate", "checklist"}
    assert {(options["--json"], options.get("--output")) for options in having.values()} == {(True, False)}
