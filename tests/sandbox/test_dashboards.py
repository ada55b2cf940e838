"""promtool parses every query of every dashboard of every stack."""

import subprocess
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from sandbox.toolchain import Toolchain
from telemetry.grafana.dashboards.dashboards import dashboards_of
from tests.support import Change, load_stack
from tests.unit.test_dashboards import VARIANTS, queries

CHOSEN = {"$__rate_interval": "5m", "$quantile": "0.99", "$tenant": "(team-a|b)", "$workload": "(tempo|gateway)"}
"""What Grafana puts in the place of variables."""


@pytest.fixture(scope="module")
def promtool() -> Path:
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["promtool"])
    return tools.path("promtool")


def checked(promtool: Path, groups: dict[str, list[str]], folder: Path) -> subprocess.CompletedProcess[str]:
    """Have promtool check queries as rules, a group for each dashboard."""
    written = [
        {"name": name, "rules": [{"record": f"query:{number}", "expr": expr} for number, expr in enumerate(exprs)]}
        for name, exprs in groups.items()
    ]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": written}))
    command: list[str | Path] = [promtool, "check", "rules", "--lint=none", folder / "rules.yaml"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def asked(expr: str) -> str:
    for variable, value in CHOSEN.items():
        expr = expr.replace(variable, value)
    return expr


@pytest.mark.parametrize(("environment", "change"), VARIANTS.values(), ids=VARIANTS.keys())
def test_every_query_parses(promtool: Path, environment: str, change: Change, tmp_path: Path) -> None:
    boards = dashboards_of(load_stack(environment, change))
    groups = {board.slug: [asked(expr) for expr in queries(board)] for board in boards}
    done = checked(promtool, groups, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {sum(map(len, groups.values()))} rules found" in done.stdout


@pytest.mark.parametrize("broken", ["sum(", "rate(up{}[$__unknown])", 'up{a="b"} / on workload up{}'])
def test_a_query_that_does_not_parse_is_seen(promtool: Path, broken: str, tmp_path: Path) -> None:
    assert checked(promtool, {"broken": [broken]}, tmp_path).returncode != 0
