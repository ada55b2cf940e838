"""promtool reads the rules of every stack, and fires and silences each alert on made-up histories."""

import subprocess
from datetime import UTC, datetime, time
from functools import cache
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from rich.console import Console

from sandbox.toolchain import Toolchain
from telemetry.backends import BACKENDS
from telemetry.gateway import access
from telemetry.monitoring.rules import families_of, group_of, groups_of
from telemetry.spec.alerts import Alert
from telemetry.stack import Stack
from tests.metrics_catalogue import named_in
from tests.sandbox.alerts import loki, mimir, platform, pyroscope, slo, tempo, thanos
from tests.sandbox.alerts.case import EVERYTHING, WITH_THANOS, Case
from tests.support import ENVIRONMENTS, Change, all_of, load_stack, put
from tests.unit.test_packs import RULES
from tests.unit.test_scraping import GUARDED, OTHERS

STACKS: dict[str, tuple[Change, tuple[ModuleType, ...]]] = {
    "default backends": (EVERYTHING, (mimir, tempo, loki, pyroscope, platform, slo)),
    "Thanos": (WITH_THANOS, (thanos,)),
}
"""Stacks that have between them every alert that there is, and the cases that are held against each."""
CASES: dict[tuple[str, str], list[Case]] = {
    (stack, alert): list(cases)
    for stack, (_, families) in STACKS.items()
    for alert, cases in groupby(
        sorted((case for family in families for case in family.CASES), key=lambda case: case.alert),
        key=lambda case: case.alert,
    )
}
"""The cases by stack and alert."""
NOTHING: Change = all_of()
VARIANTS: dict[str, tuple[str, Change]] = {
    **{environment: (environment, NOTHING) for environment in ENVIRONMENTS},
    "everything": ("prod", EVERYTHING),
    "Thanos": ("prod", WITH_THANOS),
    "no exporters": ("prod", put("monitoring.exporters", [])),
    "without times": ("test", put("monitoring.objectives.metrics_query", {"target": 99.5})),
    "rules of the user's own": ("dev", RULES),
    "programs of others": ("prod", all_of(OTHERS, GUARDED)),
    "others' names": ("dev", put("monitoring.severities", {"page": "P1", "ticket": "P4"})),
}


@pytest.fixture(scope="module")
def promtool() -> Path:
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["promtool"])
    return tools.path("promtool")


@cache
def stack_of(name: str) -> Stack:
    return load_stack("prod", STACKS[name][0])


def alerts_of(stack: Stack) -> list[str]:
    return [rule.name for family in families_of(stack) for rule in family.rules if isinstance(rule, Alert)]


def run(promtool: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("environment", "change"), VARIANTS.values(), ids=VARIANTS.keys())
def test_promtool_finds_nothing_wrong(promtool: Path, environment: str, change: Change, tmp_path: Path) -> None:
    groups = groups_of(load_stack(environment, change))
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {sum(len(group['rules']) for group in groups)} rules found" in done.stdout


def test_promtool_would_find_something(promtool: Path, tmp_path: Path) -> None:
    group = {"name": "broken", "rules": [{"alert": "Broken", "expr": "sum(", "annotations": {"summary": "{{ $x"}}]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [group]}))
    assert run(promtool, "check", "rules", tmp_path / "rules.yaml").returncode != 0


def test_every_backend_is_in_a_stack() -> None:
    found = {backend.of.name for name in STACKS for backend in stack_of(name).backends}
    assert found == {backend.name for backend in BACKENDS}


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    assert {alert for _, alert in CASES} == {alert for name in STACKS for alert in alerts_of(stack_of(name))}
    assert [where for where, cases in CASES.items() if {case.fires for case in cases} != {True, False}] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_stack_has_an_alert_that_is_not_tested(environment: str) -> None:
    assert set(alerts_of(load_stack(environment))) <= {alert for _, alert in CASES}


@pytest.mark.parametrize(("name", "alert"), CASES)
def test_it_fires_when_it_should_and_only_then(promtool: Path, name: str, alert: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [only(alert, stack_of(name))]}))
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(file_of(CASES[name, alert])))
    done = run(promtool, "test", "rules", tmp_path / "tests.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("days", "rings"), [(10, True), (60, False)])
def test_certificates_of_the_programs_own_need_no_exporter(
    promtool: Path, days: int, rings: bool, tmp_path: Path
) -> None:
    """promtool's clock begins at 1970, where nothing may be issued: so the last day is moved there."""
    name, stack = "GatewayCertificateExpires", load_stack("test")
    last_day = access.issued_until(stack)
    assert last_day is not None
    group, known = only(name, stack), f"vector({int(datetime.combine(last_day, time.min, UTC).timestamp())})"
    (rule,) = group["rules"]
    assert known in rule["expr"]
    rule["expr"] = rule["expr"].replace(known, f"vector({days * 86_400})")
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [group]}))
    case = Case(name, f"{days} days are left", rings, {}, "2h", 'certificate="issued"' if rings else "")
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(file_of([case])))
    done = run(promtool, "test", "rules", tmp_path / "tests.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_is_seen(promtool: Path, tmp_path: Path) -> None:
    stack, alert = "default backends", "MimirNotScraped"
    wrong = [case._replace(fires=not case.fires) for case in CASES[stack, alert]]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [only(alert, stack_of(stack))]}))
    for case in wrong:
        (tmp_path / "tests.yaml").write_text(yaml.safe_dump(file_of([case])))
        assert run(promtool, "test", "rules", tmp_path / "tests.yaml").returncode == 1


def file_of(cases: list[Case]) -> dict[str, Any]:
    """Return promtool's file of tests. Days are evaluated every ten minutes, as every minute would take minutes.

    And decades, until credentials end, every day.
    """
    alert = cases[0].alert
    interval = "10m" if alert.endswith("BurnsSlow") else "1d" if alert == "GatewayCredentialExpires" else "1m"
    return {"rule_files": ["rules.yaml"], "evaluation_interval": interval, "tests": [*map(written, cases)]}


def only(alert: str, stack: Stack) -> dict[str, Any]:
    """Return the group of an alert with nothing but the alert and what it rests on."""
    for family in families_of(stack):
        if any(rule.name == alert for rule in family.rules):
            group = group_of(family, stack)
            (rule,) = (each for each in group["rules"] if each.get("alert") == alert)
            every = [each for whole in groups_of(stack) for each in whole["rules"]]
            group["rules"] = [*_recorded_for(rule["expr"], every), rule]
            return group
    raise AssertionError(alert)


def _recorded_for(expr: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    direct = [rule for rule in rules if rule.get("record") in named_in(expr)]
    below = {name for rule in direct for name in named_in(rule["expr"])}
    own = [rule for rule in rules if rule.get("record") in below and f'slo="{rule["labels"]["slo"]}"' in expr]
    return [*own, *direct]


def written(case: Case) -> dict[str, Any]:
    """Return a case as a test of promtool: the alert's own series tells whether it fires."""
    matchers = ", ".join(filter(None, (f'alertname="{case.alert}"', 'alertstate="firing"', case.labels)))
    firing = [{"labels": "{}", "value": 1}] if case.fires else []
    return {
        "name": f"{case.alert}: {case.why}",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "promql_expr_test": [
            {"expr": f"count(count by (alertname) (ALERTS{{{matchers}}}))", "eval_time": case.at, "exp_samples": firing}
        ],
    }
