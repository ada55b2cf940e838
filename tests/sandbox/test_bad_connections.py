"""What a user sees when a system is down or refuses us: one message with the key and the mend, and nothing changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandbox.deployment import Deployment

pytestmark = pytest.mark.sandbox

NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


def _dead_cluster(config: dict[str, Any], tmp_path: Path) -> None:
    kubernetes = config["telemetry:kubernetes"]
    kubeconfig = yaml.safe_load(Path(kubernetes["kubeconfig"]).read_text())
    kubeconfig["clusters"][0]["cluster"]["server"] = NOBODY.replace("http:", "https:")
    kubernetes["kubeconfig"] = str(tmp_path / "kubeconfig")
    Path(kubernetes["kubeconfig"]).write_text(yaml.safe_dump(kubeconfig))


def _unknown_to_the_cluster(config: dict[str, Any], tmp_path: Path) -> None:
    kubernetes = config["telemetry:kubernetes"]
    kubeconfig = yaml.safe_load(Path(kubernetes["kubeconfig"]).read_text())
    kubeconfig["users"][0]["user"] = {"token": "wrong"}
    kubernetes["kubeconfig"] = str(tmp_path / "kubeconfig")
    Path(kubernetes["kubeconfig"]).write_text(yaml.safe_dump(kubeconfig))


def _nobody_answers(config: dict[str, Any], tmp_path: Path) -> None:
    _dead_cluster(config, tmp_path)
    config["telemetry:object_store"]["provisioning_endpoint"] = NOBODY
    config["telemetry:grafana"]["url"] = NOBODY


def _no_namespace(config: dict[str, Any], _: Path) -> None:
    config["telemetry:namespace"]["create"] = False


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            _nobody_answers,
            {
                "telemetry:kubernetes:": "check the network",
                "telemetry:object_store.provisioning_endpoint:": "check the network and the address",
                "telemetry:grafana.url:": "check the network and the address",
            },
            id="API server, S3 and Grafana unreachable",
        ),
        pytest.param(_unknown_to_the_cluster, {"telemetry:kubernetes.context:": "log in again"}, id="token refused"),
        pytest.param(_no_namespace, {"telemetry:namespace.name:": "ask the platform"}, id="no namespace"),
    ],
)
def test_a_system_that_cannot_be_used_stops_up_before_it_changes_anything(
    dev: Deployment, tmp_path: Path, edit: Callable[[dict[str, Any], Path], None], expected: dict[str, str]
) -> None:
    with dev.edited(lambda config: edit(config, tmp_path)):
        _refused(dev, expected)


def test_wrong_credentials_stop_up_before_it_changes_anything(dev: Deployment) -> None:
    wrong = "wr0ng-and-never-shown"
    identity = {"access_key": wrong, "secret_key": wrong}
    credentials = {**dict.fromkeys(("provisioner", "traces", "metrics"), identity), "grafana": {"auth": f"a:{wrong}"}}
    with dev.edited(lambda _: None):
        options = ("config", "set", "--secret", "telemetry:credentials", "-s", dev.stack)
        dev.engine.in_project(*options, stdin=json.dumps(credentials))
        mend = "pulumi config set --secret"
        output = _refused(dev, {f"telemetry:credentials.{who}": mend for who in credentials})
    assert wrong not in output


def _refused(dev: Deployment, expected: dict[str, str]) -> str:
    """Run `up`, which has to end with exactly these findings: start of the line to the mend in it."""
    done = dev.pulumi("up", "--yes", "--skip-preview")
    output = done.stdout + done.stderr
    assert done.returncode != 0
    findings = [line.strip() for line in output.splitlines() if line.strip().startswith("telemetry:")]
    assert len(findings) == len(expected), output
    for key, mend in expected.items():
        assert [finding for finding in findings if finding.startswith(key) and mend in finding], output
    assert "Traceback" not in output
    assert dev.buckets() == set()
    assert dev.datasources() == {}
    assert dev.namespace not in {each.metadata.name for each in dev.core.list_namespace().items}
    return output
