"""How drift is told: on a terminal, as Markdown and JSON, and by the command's exit code."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.clients.cli_tools import Unreachable
from telemetry.clients.kubernetes import ClusterError
from telemetry.kubernetes.managed_fields import Writer
from telemetry.operations.drift import check, rendering
from telemetry.operations.drift.findings import DriftError, DriftFinding, DriftReport
from tests.support import REPO

FINDINGS = (
    DriftFinding("release", "Release n/mimir", "status", "deployed", "failed", release="mimir", note="revision 2"),
    DriftFinding("object", "ConfigMap n/c", "data.a|b", "x\ny", None, (Writer("kubectl-edit", "2026"),), "mimir"),
    DriftFinding("object", "ConfigMap n/d", "", note="is gone", release="mimir"),
    DriftFinding("program", "Bucket b", "", note="is gone @all <b>"),
)
REPORT = DriftReport("dev", FINDINGS, 2, 54, previewed=True)


def test_it_is_told_on_a_terminal() -> None:
    lines = "\n".join(rendering.terminal(REPORT))
    for part in ("status: deployed → failed; revision 2", "by kubectl-edit, 2026", "4 findings in dev", "54 objects"):
        assert part in lines
    assert list(rendering.terminal(replace(REPORT, findings=(), previewed=False))) == [
        "No drift in dev: compared 2 releases, 54 objects."
    ]
    (line,) = rendering.terminal(replace(REPORT, findings=(), unasked="no route"))
    assert line.endswith("Not asked: what tenants have loaded into the Alertmanager (no route).")


def test_markdown_bears_its_marker_and_breaks_no_table() -> None:
    page = rendering.markdown(REPORT)
    assert page.startswith("<!-- telemetry-drift:dev -->\n")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {6}
    assert "<code>data.a&#124;b</code>" in page
    assert "@all" not in page
    assert "<b>" not in page
    assert page.count("### ") == 3


def test_markdown_fits_an_issue_and_is_empty_without_drift() -> None:
    many = tuple(replace(FINDINGS[1], path=f"data.{number}", wanted="w" * 390) for number in range(500))
    page = rendering.markdown(replace(REPORT, findings=many))
    assert len(page) < 65_536
    left = int(page.rstrip().rsplit("… and ", 1)[1].split()[0])
    assert page.count("ConfigMap n/c") == 500 - left
    assert rendering.markdown(replace(REPORT, findings=())) == ""


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the check will answer or raise; and what it was asked."""
    told: dict[str, Any] = {"is": REPORT}

    def checked(stack: Any, pulumi: Any, **options: Any) -> DriftReport:
        told["asked"] = (stack.environment, pulumi.stack, pulumi.config_file, options)
        if isinstance(told["is"], Exception):
            raise told["is"]
        report: DriftReport = told["is"]
        return report

    monkeypatch.setattr(check, "check", checked)
    return told


def test_drift_ends_with_two_and_writes_what_was_asked_for(answer: dict[str, Any], tmp_path: Path) -> None:
    output, page = tmp_path / "d.json", tmp_path / "d.md"
    options = ["--json", "--output", str(output), "--markdown", str(page), "--no-preview", "--ignore-manager", "op"]
    done = CliRunner().invoke(app, ["drift", "dev", *options])
    assert done.exit_code == 2, done.output
    assert json.loads(done.stdout) == json.loads(output.read_text()) == json.loads(json.dumps(REPORT.as_json()))
    assert json.loads(done.stdout)["drift"] is True
    assert page.read_text() == rendering.markdown(REPORT)
    assert answer["asked"] == ("dev", "dev", None, {"ignored": ["op"], "preview": False})


def test_no_drift_ends_with_nought(answer: dict[str, Any], tmp_path: Path) -> None:
    answer["is"] = replace(REPORT, findings=())
    page = tmp_path / "d.md"
    done = CliRunner().invoke(app, ["drift", "dev", "--markdown", str(page)], env={"TELEMETRY_DRIFT_IGNORE": "a b"})
    assert (done.exit_code, page.read_text()) == (0, "")
    assert "No drift" in done.stdout
    assert answer["asked"][3] == {"ignored": ["a", "b"], "preview": True}


@pytest.mark.parametrize("error", [ClusterError("no answer"), DriftError("no answer"), Unreachable("no answer")])
def test_what_cannot_be_told_ends_with_one_and_one_message(answer: dict[str, Any], error: Exception) -> None:
    answer["is"] = error
    done = CliRunner().invoke(app, ["drift", "dev"])
    assert (done.exit_code, done.stderr) == (1, "error: no answer\n")


def test_another_config_file_is_handed_on(answer: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load((REPO / "Pulumi.test.yaml").read_text())))
    CliRunner().invoke(app, ["drift", "test"], env={"TELEMETRY_CONFIG_FILE": str(file)})
    assert answer["asked"][:3] == ("test", "test", file)
