"""`python -m telemetry size` as a user meets it."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from telemetry.cli.app import app
from tests.support import REPO

LARGE = "metrics: { samples_per_second: 100000, active_series: 1500000, queries_per_second: 20 }\ntenants: 10\n"
SMALL = "metrics: { samples_per_second: 10, active_series: 1000, queries_per_second: 0.1 }\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, ["size", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A stack's file, without a quota that the proposed sizes would break."""
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text((REPO / "Pulumi.prod.yaml").read_text())
    return path


def load(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "load.yaml"
    path.write_text(text)
    return path


def test_too_little_is_a_table_with_reasons_and_exit_code_2(tmp_path: Path) -> None:
    done = run("prod", "--load", load(tmp_path, LARGE))
    assert done.exit_code == 2
    assert "200m→1750m" in done.output
    assert "1,500,000 series on 3 each; 1 core, 2.5 GB and 5 GB of disk for each 300,000" in done.output
    assert "too little: telemetry:metrics.roles.ingester: 600m of 15000m CPU" in done.output


def test_limits_that_are_too_narrow_are_a_failure_although_sizes_were_written(tmp_path: Path, file: Path) -> None:
    done = run("prod", "--load", load(tmp_path, LARGE.replace("10\n", "1\n")), "--config-file", file, "--write")
    assert done.exit_code == 2
    assert "too little: telemetry:tenants.….limits.metrics.ingestion_rate: 10,000 for all together" in done.output


def test_too_much_is_said_and_is_no_failure(tmp_path: Path) -> None:
    done = run("prod", "--load", load(tmp_path, SMALL))
    assert done.exit_code == 0
    assert "too much: telemetry:metrics.roles.querier: set cpu: 40m, memory: 192Mi" in done.output


def test_without_a_load_there_is_nothing_to_size_by() -> None:
    done = run("prod")
    assert done.exit_code == 1
    assert "telemetry:load: is not set" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrics: [\n", "is no YAML"),
        ("", "has no load; write one or more of metrics, traces, logs, profiles, tenants, without telemetry:load"),
        ("telemetry:load: { tenants: 1 }\n", "has no load; write one or more of metrics, "),
        ("metrics: { samples_per_second: -1, active_series: 1 }\n", "telemetry:load.metrics.samples_per_second: -1: "),
        ("logs: { lines_per_second: 1, bytes_per_second: 1Mi }\n", "telemetry:load.logs: is set, and logs is not"),
    ],
)
def test_a_bad_load_is_one_message(tmp_path: Path, text: str, said: str) -> None:
    done = run("prod", "--load", load(tmp_path, text))
    assert done.exit_code == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) < 6
    assert "Traceback" not in done.output + done.stderr


def test_a_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    done = run("prod", "--load", tmp_path / "none.yaml")
    assert done.exit_code == 1
    assert "none.yaml: cannot be read (No such file or directory); examples/load-prod.yaml is one" in done.stderr


def test_written_sizes_fit_the_load_and_all_else_stays(tmp_path: Path, file: Path) -> None:
    before, given = file.read_text(), load(tmp_path, LARGE)
    done = run("prod", "--load", given, "--config-file", file, "--write")
    assert done.exit_code == 0
    assert "with these sizes: telemetry:namespace.requested_quota.cpu: " in done.output
    after = file.read_text()
    assert [line for line in after.splitlines() if "#" in line] == [line for line in before.splitlines() if "#" in line]
    assert yaml.safe_load(after)["config"]["telemetry:metrics"]["roles"]["ingester"] == {
        "replicas": 9,
        "cpu": "1750m",
        "memory": "6Gi",
        "volume": "12Gi",
        "memory_limit": "6Gi",
    }
    again = run("prod", "--load", given, "--config-file", file, "--write")
    assert again.exit_code == 0
    assert "nothing to write" in again.output


def test_sizes_that_the_settings_refuse_are_said_and_not_written(tmp_path: Path, file: Path) -> None:
    """Roles may not ask for more than their total."""
    file.write_text(
        file.read_text().replace(
            "  telemetry:metrics:\n", "  telemetry:metrics:\n    total: { cpu: 3, memory: 12Gi }\n"
        )
    )
    before = file.read_text()
    done = run("prod", "--load", load(tmp_path, LARGE), "--config-file", file, "--write")
    assert done.exit_code == 3
    said = [line for line in done.output.splitlines() if line.startswith("out of reach: ")]
    assert "refused: telemetry:metrics.roles: ask for more than total.cpu 3: " in said[0]
    assert said[0].endswith("lower them or raise the total")
    assert all(line.endswith("refused, as above") for line in said[1:])
    assert "nothing to write" in done.output
    assert file.read_text() == before


def test_what_one_process_cannot_hold_is_out_of_reach_and_it_is_said_what_to_change(tmp_path: Path) -> None:
    """And what can be is written."""
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text((REPO / "Pulumi.dev.yaml").read_text())
    both = "traces: { spans_per_second: 50000, bytes_per_second: 50Mi }\n" + LARGE
    made = tmp_path / "sizes.json"
    done = run("dev", "--load", load(tmp_path, both), "--config-file", file, "--write", "--output", made)
    assert done.exit_code == 3
    assert "8Gi of one pod are the most: set telemetry:traces.topology: distributed" in done.output
    (all_of,) = (each for each in json.loads(made.read_text())["roles"] if each["key"] == "telemetry:traces.roles.all")
    assert (all_of["verdict"], all_of["settings"]) == ("out of reach", {})
    assert all_of["refusals"] and set(all_of["proposed"].values()) == {None}
    written = yaml.safe_load(file.read_text())["config"]
    assert written["telemetry:metrics"]["roles"]["ingester"]["replicas"] == 3
    assert "roles" not in written["telemetry:traces"]


def test_json_and_markdown_are_written(tmp_path: Path) -> None:
    made, page = tmp_path / "sizes.json", tmp_path / "sizes.md"
    done = run("prod", "--load", load(tmp_path, LARGE), "--json", "--output", made, "--markdown", page)
    assert done.exit_code == 2
    assert json.loads(done.stdout) == json.loads(made.read_text())
    assert json.loads(made.read_text())["environment"] == "prod"
    assert page.read_text().startswith("# Sizes of prod for a load\n\n### Load\n\n| Signal | What | Peak |\n")
