"""The real Mimir's ruler takes every rule of a stack, the user's own too, once, and gives up those that are gone."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import mimir
from sandbox.toolchain import Toolchain
from telemetry.backends.mimir.ruler import Ruler
from telemetry.cli.app import app
from telemetry.monitoring.rules import groups_of
from tests.sandbox.alerts.case import EVERYTHING
from tests.support import Change, all_of, load_stack, put, with_ruler
from tests.unit.test_commands import stack_config
from tests.unit.test_packs import RULES

TENANT = "platform"
ON: Change = all_of(EVERYTHING, with_ruler, RULES)
CONFIG = {
    "multitenancy_enabled": True,
    "ingest_storage": {"enabled": False},
    "ingester": {"push_grpc_method_enabled": True},
    "usage_stats": {"enabled": False},
}


@pytest.fixture(scope="module")
def address(gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    files = tmp_path_factory.mktemp("ruler") / "mimir"
    with network() as net, mimir(gateway_tools.path("mimir"), net.address(), files, config=CONFIG, overrides={}) as run:
        yield f"http://{run.address}/prometheus"


def load(address: str, directory: Path, *changes: Change, dry_run: bool = False) -> Result:
    config = stack_config(directory / "prod.yaml", "prod", ON, *changes)
    options = ["--config-file", str(config), *(["--dry-run"] if dry_run else [])]
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, ["rules", "prod", "--load", address, *options])


def names(address: str, tenant: str = TENANT) -> list[str]:
    with httpx.Client(base_url=address, headers={"X-Scope-OrgID": tenant}) as client:
        return sorted(Ruler(client).groups())


def test_rules_are_loaded_once_changed_and_removed(address: str, tmp_path: Path) -> None:
    wanted = sorted(group["name"] for group in groups_of(load_stack("prod", ON)))
    planned = load(address, tmp_path, dry_run=True)
    assert (planned.exit_code, planned.output.count("would be added")) == (0, len(wanted))
    assert names(address) == []

    first = load(address, tmp_path)
    assert (first.exit_code, first.output.count("added")) == (0, len(wanted)), first.output
    assert names(address) == wanted
    assert names(address, "somebody-else") == []

    again = load(address, tmp_path)
    assert (again.exit_code, again.output.count("as it was")) == (0, len(wanted)), again.output

    less = all_of(put("monitoring.exporters", ["kube-state-metrics"]), put("monitoring.certificates", {}))
    fewer = load(address, tmp_path, less)
    assert fewer.exit_code == 0
    assert [fewer.output.count(word) for word in ("removed", "changed", "added")] == [2, 2, 0], fewer.output
    gone = {"telemetry-object-store", "telemetry-certificates"}
    assert names(address) == [name for name in wanted if name not in gone]
