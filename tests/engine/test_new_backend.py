"""'Add a backend' of CONTRIBUTING is true: a folder and a line of the registry, and everybody knows it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import REPO

LINE = "    pyroscope.BACKEND,\n"
ASK = """
import json, sys
from telemetry.capacity.figures import report
from telemetry.collector.config import configuration
from telemetry.gateway.secrets import config_map
from telemetry.monitoring.rules import families_of
from telemetry.object_store.identities import identities_of
from telemetry.operations.report.retention import PLACES
from tests.engine.recorder import run_program
from tests.support import all_of, changed_tree, load_stack, put

chart = {"name": "tiny", "repository": "https://charts.example.org", "version": "1.0.0"}
changes = all_of(
    put("profiles", {"backend": "tiny", "chart": chart}),
    put("collector", {"deploy": "config-map"}),
    put("monitoring.scrape", "collector"),
)
stack = load_stack("test", changes)
run = run_program(changed_tree("test", changes), "test", preview=True)
print(json.dumps({
    "registered": [[each.type, each.name] for each in run.resources],
    "endpoints": run.exports["endpoints"]["profiles"],
    "scraped": configuration(stack, stack.collector),
    "routed": "".join(config_map(stack, stack.gateway).values()),
    "counted": [[row.backend, row.role, row.size.memory] for row in report(stack).rows],
    "alerts": [rule.name for family in families_of(stack) for rule in family.rules],
    "identities": list(identities_of(stack)),
    "retention": list(PLACES),
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what there is of a tiny backend in a copy of the project to which its folder was added."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("components", "telemetry", "tests", "sandbox"):
        large = ("charts", "tools") if name == "sandbox" else ()
        ignored = shutil.ignore_patterns("__pycache__", "__snapshots__", *large)
        shutil.copytree(REPO / name, copy / name, ignore=ignored)
    for path in (*REPO.glob("Pulumi*.yaml"), REPO / "__main__.py"):
        shutil.copy(path, copy)
    shutil.copytree(Path(__file__).parent / "fixtures" / "tiny", copy / "telemetry" / "backends" / "tiny")
    registry = copy / "telemetry" / "backends" / "__init__.py"
    text = registry.read_text()
    assert LINE in text
    text = text.replace(LINE, f"{LINE}    tiny.BACKEND,\n").replace("tempo, thanos\n", "tempo, thanos, tiny\n")
    registry.write_text(text)
    done = subprocess.run([sys.executable, "-c", ASK], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_it_is_previewed(found: dict[str, Any]) -> None:
    for expected in (
        ["telemetry:profiles:Tiny", "tiny"],
        ["kubernetes:core/v1:Secret", "tiny-s3"],
        ["kubernetes:helm.sh/v3:Release", "tiny"],
        ["aws:s3/bucket:Bucket", "dts-profiles-test-blocks"],
        ["grafana:oss/dataSource:DataSource", "tiny-test-platform"],
    ):
        assert expected in found["registered"]


def test_it_is_policed(found: dict[str, Any]) -> None:
    assert ["kubernetes:networking.k8s.io/v1:NetworkPolicy", "tiny"] in found["registered"]


def test_it_is_scraped(found: dict[str, Any]) -> None:
    assert "7777" in found["scraped"]


def test_it_is_routed_and_its_addresses_are_told(found: dict[str, Any]) -> None:
    assert "/tiny" in found["routed"]
    assert "X-Tiny" in found["routed"] or "x_tiny" in found["routed"]
    assert found["endpoints"]["push"] == "https://gateway.ca7f8f-test.svc"


def test_it_is_counted(found: dict[str, Any]) -> None:
    assert ["Tiny", "all", 64 * 2**20] in found["counted"]


def test_it_is_watched_and_reported(found: dict[str, Any]) -> None:
    assert "TinyNotScraped" in found["alerts"]
    assert "tiny" in found["retention"]
    assert "profiles" in found["identities"]
