"""The command `report`, with pulumi, helm and git played by doubles: what it asks of them, writes and ends with."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from telemetry.cli.app import app
from telemetry.clients import cli_tools as tools
from telemetry.clients.cli_tools import Helm, ToolError, Unreachable
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.operations.report import base_commit as previous
from telemetry.releases import releases_of
from telemetry.spec.values.s3_key import ANNOTATION
from tests.support import ENVIRONMENTS, load_stack

UNREACHABLE = "WARNING: …\nError: Kubernetes cluster unreachable: connection refused"


DEFAULT = "urn:pulumi:dev::telemetry::pulumi:providers:aws::default_7_51_1::0a"


def manifest(replicas: int, pod: dict[str, Any] | None = None) -> str:
    """Return a rendered chart."""
    spec = {"replicas": replicas, **({"template": {"spec": pod}} if pod else {})}
    return yaml.safe_dump({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec})


@dataclass
class Tools:
    """Plays pulumi and helm."""

    op: str = "update"
    diagnostics: list[dict[str, str]] = field(default_factory=list)
    listed: list[dict[str, str]] = field(default_factory=lambda: [{"name": "mimir", "status": "deployed"}])
    reachable: bool = True
    pod: dict[str, Any] = field(default_factory=dict)
    more: list[dict[str, Any]] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)
    old_values: dict[str, Any] = field(default_factory=lambda: {"a": 1})
    new_values: dict[str, Any] = field(default_factory=lambda: {"a": 1})
    rendered: dict[str, Any] = field(default_factory=dict)
    """The values that each chart was rendered with."""

    def run(self, line: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Answer a command."""
        self.calls.append(list(line))
        if list(line[:2]) == ["helm", "template"]:
            self.rendered[line[3]] = json.loads(options["input"])
        if line[0] == "helm" and not self.reachable and "--kube-version" not in line:
            return subprocess.CompletedProcess(line, 1, "", UNREACHABLE)
        code = 255 if self.diagnostics and line[0] == "pulumi" else 0
        return subprocess.CompletedProcess(line, code, self._answer(line), "")

    def _answer(self, line: Sequence[str]) -> str:
        match line[:3]:
            case ["pulumi", "preview", *_]:
                return json.dumps({"steps": [self._step(), *self.more], "diagnostics": self.diagnostics})
            case ["helm", "list", *_]:
                return json.dumps(self.listed)
            case ["helm", "history", *_]:
                return json.dumps([{"revision": 4, "status": "deployed"}, {"revision": 5, "status": "failed"}])
            case ["helm", "get", "manifest"]:
                return manifest(2)
            case ["helm", "template", *_]:
                return manifest(3, self.pod)
        return ""

    def _step(self) -> dict[str, Any]:
        inputs: dict[str, Any] = {"name": "mimir", "namespace": "ns", "chart": "mimir", "version": "6.1.0"}
        inputs |= {"repositoryOpts": {"repo": "https://charts.example.org"}}
        old, new = ({**inputs, "values": values} for values in (self.old_values, self.new_values))
        urn = f"urn:pulumi:dev::telemetry::telemetry:metrics:Mimir${RELEASE_TYPE}::mimir"
        return {"op": self.op, "urn": urn, "oldState": {"inputs": old}, "newState": {"inputs": new}}

    def call(self, *words: str) -> list[str]:
        """Return the one command that begins so."""
        (found,) = (each for each in self.calls if each[: len(words)] == list(words))
        return found


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Tools:
    """The tools' double."""
    played = Tools()
    monkeypatch.setattr(subprocess, "run", played.run)
    return played


def run(*arguments: str) -> Result:
    """Call the command."""
    return CliRunner(env={"COLUMNS": "220"}).invoke(app, ["report", "dev", *arguments])


def test_nothing_to_do_ends_with_0_and_an_empty_file(double: Tools, tmp_path: Path) -> None:
    double.op, file = "same", tmp_path / "report-dev.md"
    file.write_text("what an earlier run had to say")
    assert run("--markdown", str(file)).exit_code == 0
    assert file.read_text() == ""
    asked = [call[1] for call in double.calls if call[0] == "helm"]
    assert asked == ["list", "template"], "an unchanged release is rendered for the policies, and compared with nothing"


def test_a_policy_that_a_chart_breaks_ends_with_4_and_is_written_even_if_nothing_changes(
    double: Tools, tmp_path: Path
) -> None:
    double.op = "same"
    double.pod = {"containers": [{"name": "c", "image": "registry.example.org/c:latest"}]}
    done = run("--markdown", str(tmp_path / "a.md"), "--output", str(tmp_path / "a.json"), "--allow")
    assert done.exit_code == 4
    said = "image-version: Deployment d, spec.template.spec.containers[c].image is registry.example.org/c:latest"
    assert said in done.output
    written = (tmp_path / "a.md").read_text().replace("\\", "")
    assert said in written
    violations = json.loads((tmp_path / "a.json").read_text())["policies"]["violations"]
    assert "image-version" in {each["rule"] for each in violations}


def test_what_the_program_registers_is_judged_by_the_previews_own_words(double: Tools) -> None:
    double.more = [
        {
            "op": "same",
            "urn": "urn:pulumi:dev::telemetry::aws:s3/bucket:Bucket::dts-x",
            "newState": {"custom": True, "inputs": {"bucket": "dts-x", "tags": {"a": "b"}}, "provider": DEFAULT},
        }
    ]
    done = run()
    assert done.exit_code == 4
    assert "explicit-provider: Bucket dts-x, provider is a default provider" in done.output
    assert "seaweedfs-features: Bucket dts-x, tags is set" in done.output


def test_the_policies_alone_need_no_cluster(double: Tools, tmp_path: Path) -> None:
    double.op, double.reachable = "same", False
    double.pod = {"containers": [{"name": "c", "image": "c:1"}]}
    file = tmp_path / "policies.json"
    printed = CliRunner().invoke(app, ["policies", "dev", "--json", "--output", str(file)])
    assert printed.stdout == file.read_text()
    done = CliRunner(env={"COLUMNS": "220"}).invoke(app, ["policies", "dev"])
    assert done.exit_code == 4
    assert "requests: Deployment d, spec.template.spec.containers[c].resources.requests.cpu is not set" in done.output
    assert {each["rule"] for each in json.loads(file.read_text())["violations"]} >= {"requests", "run-as-non-root"}
    double.pod = {}
    assert CliRunner().invoke(app, ["policies", "dev"]).exit_code == 0
    double.diagnostics = [{"severity": "error", "message": "1 policy is not kept (docs/policies.md)"}]
    done = CliRunner().invoke(app, ["policies", "dev"])
    assert (done.exit_code, "1 policy is not kept" in done.output) == (1, True)


def test_a_change_ends_with_2_and_is_written_for_people_and_programs(double: Tools, tmp_path: Path) -> None:
    done = run("--markdown", str(tmp_path / "a.md"), "--output", str(tmp_path / "a.json"))
    assert done.exit_code == 2
    assert "~ Deployment d: changed" in done.output
    assert "Deployment d: changed" in (tmp_path / "a.md").read_text()
    (item,) = json.loads((tmp_path / "a.json").read_text())["items"]
    assert item["fields"] == [{"path": "spec.replicas", "op": "change", "old": 2, "new": 3}]
    rendered = double.call("helm", "template", "mimir", "mimir")
    assert rendered[rendered.index("--repo") + 1] == "https://charts.example.org"
    assert rendered[rendered.index("--version") + 1] == "6.1.0"
    assert {"--validate", "--is-upgrade"} <= set(rendered)
    assert run("--json").stdout == (tmp_path / "a.json").read_text()


def test_what_is_destructive_ends_with_3_until_it_is_allowed(double: Tools) -> None:
    double.op = "delete"
    assert run().exit_code == 3
    assert run("--allow").exit_code == 2


def test_a_failed_preview_ends_with_1_in_the_engines_own_words(double: Tools) -> None:
    double.diagnostics = [{"severity": "error", "message": "quota is too small"}]
    done = run()
    assert (done.exit_code, "quota is too small" in done.output) == (1, True)


def test_what_is_protected_ends_with_1_but_is_reported(double: Tools, tmp_path: Path) -> None:
    message = 'resource "x" cannot be deleted\nbecause it is protected.'
    double.diagnostics = [{"severity": "error", "message": message, "urn": "a::b::c::dts-x"}]
    assert run("--markdown", str(tmp_path / "a.md")).exit_code == 1
    assert "dts-x is protected" in (tmp_path / "a.md").read_text()


def test_a_failed_release_is_compared_as_it_was_last_deployed(double: Tools) -> None:
    double.listed = [{"name": "mimir", "status": "failed"}]
    assert "release mimir: is failed; `up` tries again" in run().output
    manifest = double.call("helm", "get", "manifest")
    assert manifest[manifest.index("--revision") + 1] == "4"


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A commit's releases."""
    found: dict[str, Any] = {"releases": [], "ref": None}

    @contextmanager
    def checked_out(ref: str) -> Iterator[Path]:
        found["ref"] = ref
        yield Path("checked-out")

    monkeypatch.setattr(previous, "checked_out", checked_out)
    monkeypatch.setattr(previous, "releases", lambda *_: found["releases"])
    monkeypatch.setattr(previous, "default_base", lambda: "HEAD~1")
    return found


def test_without_a_cluster_it_is_compared_with_the_commit_before(double: Tools, base: dict[str, Any]) -> None:
    double.reachable = False
    base["releases"] = [
        {"name": "mimir", "namespace": "ns", "chart": "./old", "version": "6.0.6", "repository": None, "values": {}}
    ]
    done = run()
    assert "compared with what HEAD~1 would deploy; no cluster answers for context ca7f8f-dev" in done.output
    assert done.exit_code == 2
    for chart in ("./old", "mimir"):
        rendered = double.call("helm", "template", "mimir", chart)
        assert rendered[rendered.index("--kube-version") + 1] == "1.34"
        assert "--is-upgrade" in rendered


@pytest.mark.parametrize(
    ("deployed", "then", "expected"),
    [("d1", "d2", "d1"), ("d1", "d1", "d1"), (None, "d2", "d2")],
    ids=["a key that changes", "one that stays", "nothing deployed yet"],
)
def test_a_base_has_the_key_that_the_state_knows(
    double: Tools, base: dict[str, Any], deployed: str | None, then: str, expected: str
) -> None:
    def values(known: str) -> dict[str, Any]:
        return {"ingester": {"podAnnotations": {ANNOTATION: known}}}

    double.old_values, double.new_values = values(deployed) if deployed else {}, values(then)
    base["releases"] = [
        {"name": "mimir", "namespace": "ns", "chart": "./old", "version": "6.0.6", "repository": None}
        | {"values": values("unknown")}
    ]
    run("--base", "main")
    assert double.rendered == {"./old": values(expected), "mimir": values(then)}


def test_a_base_is_preferred_to_the_cluster_if_one_is_named(double: Tools, base: dict[str, Any]) -> None:
    assert "compared with what main would deploy" in run("--base", "main").output
    assert base["ref"] == "main"
    assert not [call for call in double.calls if call[1] == "get"]


def test_a_base_that_cannot_say_makes_everything_new_and_that_is_said(double: Tools, base: dict[str, Any]) -> None:
    base["releases"] = None
    done = run("--base", "old")
    assert "nothing, because old has no `python -m telemetry values`: all objects count as new" in done.output
    assert "+ Deployment d: created" in done.output
    assert double.calls


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_prints_what_the_program_would_deploy(environment: str) -> None:
    done = CliRunner().invoke(app, ["values", environment])
    assert done.exit_code == 0
    stack = load_stack(environment)
    printed = {each["name"]: each for each in json.loads(done.output)}
    assert {name: each["values"] for name, each in printed.items()} == {
        each.name: each.values for each in releases_of(stack)
    }
    assert printed["mimir"]["repository"] == "https://grafana.github.io/helm-charts"
    assert printed["mimir"]["namespace"] == stack.namespace.name


def test_an_unreachable_cluster_is_told_from_other_failures(double: Tools) -> None:
    double.reachable = False
    helm = Helm(None, "c", "ns")
    with pytest.raises(Unreachable, match=r"^helm list: Kubernetes cluster unreachable: connection refused$"):
        helm.list_all()


def test_a_release_that_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 1, "", "Error: release: not found")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert Helm(None, None, "ns").get_manifest("x", hooks=True) is None


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)
    with pytest.raises(ToolError, match="pulumi: is not on PATH"):
        tools.Pulumi("dev").run("preview")
