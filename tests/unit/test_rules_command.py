"""`commands rules` prints, writes and loads; what it does to a ruler is exactly what is needed."""

from copy import deepcopy
from pathlib import Path

import httpx
import pytest
import yaml
from typer.testing import CliRunner, Result

from telemetry.backends.mimir.ruler import Ruler
from telemetry.cli import rules as rules_command
from telemetry.cli.app import app
from telemetry.monitoring.ruler import steps
from telemetry.monitoring.rules import groups_of
from telemetry.spec.ruler import RulerError
from tests.support import load_stack, with_ruler
from tests.unit.test_commands import stack_config


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["rules", *map(str, arguments)])


def test_it_prints_what_prometheus_reads() -> None:
    shown = run("prod")
    assert shown.exit_code == 0
    assert yaml.safe_load(shown.output) == {"groups": groups_of(load_stack("prod"))}


def test_it_writes_a_file_per_family(tmp_path: Path) -> None:
    assert run("prod", "--output", tmp_path / "rules").exit_code == 0
    files = sorted((tmp_path / "rules").iterdir())
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    assert sorted(group["name"] for group in groups) == sorted(group["name"] for group in groups_of(load_stack("prod")))


def test_rules_are_not_loaded_where_the_settings_do_not_say_so() -> None:
    done = run("prod", "--load", "http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "telemetry:monitoring.rules: is prometheus-rule" in done.output


def test_a_dry_run_of_nothing_is_a_wrong_call() -> None:
    assert run("prod", "--dry-run").exit_code == 2


def test_a_ruler_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    config = stack_config(tmp_path / "prod.yaml", "prod", with_ruler)
    done = run("prod", "--config-file", config, "--load", "http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "cannot be reached" in done.output
    assert "Traceback" not in done.output


def test_a_login_page_is_no_ruler_that_has_taken_a_group() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, html="<html>Please log in</html>"))
    ruler = Ruler(httpx.Client(base_url="http://ruler/prometheus", transport=transport))
    for ask in (ruler.groups, lambda: ruler.put({"name": "g", "rules": []}), lambda: ruler.remove("g")):
        with pytest.raises(RulerError, match="a web page"):
            ask()


@pytest.mark.parametrize(("status", "text"), [(401, "no token"), (500, "oops"), (200, "- a list")])
def test_what_a_ruler_says_is_passed_on(status: int, text: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=text))
    with pytest.raises(RulerError, match=r"token|oops|does not answer like"):
        Ruler(httpx.Client(base_url="http://ruler/prometheus", transport=transport)).groups()


def test_what_has_no_ruler_has_taken_no_rules() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404, text="no such page"))
    ruler = Ruler(httpx.Client(base_url="http://gateway", transport=transport))
    assert ruler.groups() == {}
    ruler.remove("gone already")
    with pytest.raises(RulerError, match="was answered with 404: no such page; check the address"):
        ruler.put({"name": "new", "rules": []})


def test_who_asks_is_told_by_name_and_by_token(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = load_stack("prod", with_ruler)
    assert rules_command._headers(stack) == {"X-Scope-OrgID": "platform"}
    monkeypatch.setenv(rules_command.TOKEN, "fake")
    assert rules_command._headers(stack)["Authorization"] == "Bearer fake"


def test_only_what_differs_is_touched() -> None:
    wanted = groups_of(load_stack("prod"))
    present = {group["name"]: deepcopy(group) for group in wanted[1:]}
    present["old"] = {"name": "old", "rules": []}
    present[wanted[1]["name"]]["rules"][0]["expr"] = "1"
    assert [(step.kind, step.name) for step in steps(wanted, present)] == [
        ("add", wanted[0]["name"]),
        ("change", wanted[1]["name"]),
        *(("keep", group["name"]) for group in wanted[2:]),
        ("remove", "old"),
    ]


def test_a_duration_is_the_same_however_it_is_written() -> None:
    group = {"name": "a", "interval": "1m", "rules": [{"alert": "A", "expr": "1", "for": "24h"}]}
    same = {"name": "a", "interval": "60s", "rules": [{"alert": "A", "expr": "1", "for": "1d", "labels": {}}]}
    other = {"name": "a", "interval": "1m", "rules": [{"alert": "A", "expr": "1", "for": "24m"}]}
    assert [step.kind for step in steps([group], {"a": same})] == ["keep"]
    assert [step.kind for step in steps([group], {"a": other})] == ["change"]
