"""Which stack's file the sandbox takes, and what it lays over it."""

from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pydantic import SecretStr

from sandbox.engine import Engine
from sandbox.paths import REPO, stack_file
from sandbox.stacks import UnknownStackError, overlay, prepare
from sandbox.world import Connections

CONNECTIONS = Connections(
    kubeconfig=Path("kubeconfig"),
    api_server="https://127.0.0.1:1",
    s3_endpoint="http://127.0.0.1:2",
    s3_version="4.53",
    s3_identities={},
    grafana_url="http://127.0.0.1:3",
    grafana_auth=SecretStr("a:b"),
)


def test_a_folder_of_stack_files_goes_before_the_checkouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_FILES", str(REPO / "examples" / "thanos"))
    assert stack_file("dev") == REPO / "examples" / "thanos" / "Pulumi.dev.yaml"
    assert stack_file("test") == REPO / "Pulumi.test.yaml"


def test_a_folder_without_the_file_that_is_deployed_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STACK_FILES", str(tmp_path))
    with pytest.raises(UnknownStackError, match=r"STACK_FILES=.*: there is no Pulumi\.dev\.yaml in it"):
        prepare("dev", cast(Engine, None), CONNECTIONS)


@pytest.mark.parametrize("file", [REPO / "Pulumi.prod.yaml", REPO / "examples" / "thanos" / "Pulumi.prod.yaml"])
def test_every_chart_is_a_stand_in(file: Path) -> None:
    config = yaml.safe_load(file.read_text())["config"]
    laid = overlay(config, CONNECTIONS)
    for signal in ("traces", "metrics"):
        asked, local = charts(config[f"telemetry:{signal}"]), charts(laid[f"telemetry:{signal}"])
        assert asked.keys() == local.keys()
        for name, chart in local.items():
            assert chart == {"repository": None, "reference": f"./sandbox/charts/{asked[name]['name']}"}


def charts(section: dict[str, Any]) -> dict[str, Any]:
    """Return a backend's charts, of which it has one or several."""
    return section.get("charts") or {"": section["chart"]}
