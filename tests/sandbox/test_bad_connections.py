"""What a user sees when a system is down or refuses us: one message with the key and the mend, and nothing changed."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.operations.preflight import cluster, in_cluster
from telemetry.stack import file as stack_file
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


def test_systems_that_do_not_answer_stop_up_before_it_changes_anything(dev: Deployment, tmp_path: Path) -> None:
    with dev.edited(lambda config: _nobody_answers(config, tmp_path)):
        _refused(
            dev,
            {
                "telemetry:kubernetes:": "check the network",
                "telemetry:object_store.provisioning_endpoint:": "check the network and the address",
                "telemetry:grafana.url:": "check the network and the address",
            },
        )


def test_systems_that_refuse_us_stop_up_before_it_changes_anything(dev: Deployment, tmp_path: Path) -> None:
    wrong = "wr0ng-and-never-shown"
    identity = {"access_key": wrong, "secret_key": wrong}
    credentials = {**dict.fromkeys(("provisioner", "traces", "metrics"), identity), "grafana": {"auth": f"a:{wrong}"}}
    with dev.edited(lambda config: _unknown_to_the_cluster(config, tmp_path)):
        options = ("config", "set", "--secret", "telemetry:credentials", "-s", dev.stack)
        dev.engine.in_project(*options, stdin=json.dumps(credentials))
        mend = "pulumi config set -s dev --secret"
        of_credentials = {f"telemetry:credentials.{who}": mend for who in credentials}
        output = _refused(dev, {"telemetry:kubernetes.context:": "log in again", **of_credentials})
    assert wrong not in output


def test_a_namespace_that_is_not_there_is_a_finding(dev: Deployment) -> None:
    """Asked for without the engine: what `up` does with any finding, the tests above show."""
    with dev.edited(lambda config: config["telemetry:namespace"].update(create=False)):
        stack = stack_file.load(dev.stack, dev.engine.config_file(dev.stack))
    (finding,) = in_cluster.findings(stack, [cluster.check])
    assert finding.startswith("telemetry:namespace.name:")
    assert "ask the platform" in finding


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
