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


def _set(section: str, key: str, value: object) -> Callable[[dict[str, Any], Path], None]:
    def edit(config: dict[str, Any], _: Path) -> None:
        config[f"telemetry:{section}"][key] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "key", "mend"),
    [
        pytest.param(_dead_cluster, "telemetry:kubernetes:", "check the network", id="API server unreachable"),
        pytest.param(
            _unknown_to_the_cluster, "telemetry:kubernetes.context:", "log in again", id="API server refuses the token"
        ),
        pytest.param(
            _set("kubernetes", "context", "nobody"), "telemetry:kubernetes.context:", "correct context", id="no context"
        ),
        pytest.param(
            _set("object_store", "provisioning_endpoint", NOBODY),
            "telemetry:object_store.provisioning_endpoint:",
            "check the network and the address",
            id="S3 unreachable",
        ),
        pytest.param(
            _set("grafana", "url", NOBODY), "telemetry:grafana.url:", "check the network", id="Grafana unreachable"
        ),
        pytest.param(
            _set("namespace", "create", False), "telemetry:namespace.name:", "ask the platform", id="no namespace"
        ),
    ],
)
def test_a_system_that_cannot_be_used_stops_up_before_it_changes_anything(
    dev: Deployment, tmp_path: Path, edit: Callable[[dict[str, Any], Path], None], key: str, mend: str
) -> None:
    dev.destroy()
    with dev.edited(lambda config: edit(config, tmp_path)):
        _refused(dev, key, mend)


@pytest.mark.parametrize("who", ["provisioner", "traces", "metrics", "grafana"])
def test_a_wrong_credential_stops_up_before_it_changes_anything(dev: Deployment, who: str) -> None:
    dev.destroy()
    wrong = "wr0ng-and-never-shown"
    with dev.edited(lambda _: None):
        value = {"auth": f"admin:{wrong}"} if who == "grafana" else {"access_key": wrong, "secret_key": wrong}
        credentials = _credentials(dev) | {who: value}
        options = ("config", "set", "--secret", "telemetry:credentials", "-s", dev.stack)
        dev.engine.in_project(*options, stdin=json.dumps(credentials))
        output = _refused(dev, f"telemetry:credentials.{who}", "pulumi config set --secret")
    assert wrong not in output


def _credentials(dev: Deployment) -> dict[str, Any]:
    identities = {
        name: {"access_key": identity.access_key, "secret_key": identity.secret_key.get_secret_value()}
        for name, identity in dev.connections.s3_identities.items()
    }
    return {**identities, "grafana": {"auth": dev.connections.grafana_auth.get_secret_value()}}


def _refused(dev: Deployment, key: str, mend: str) -> str:
    done = dev.pulumi("up", "--yes", "--skip-preview")
    output = done.stdout + done.stderr
    assert done.returncode != 0
    findings = [line for line in output.splitlines() if line.strip().startswith("telemetry:")]
    assert len(findings) == 1, output
    assert findings[0].strip().startswith(key)
    assert mend in findings[0]
    assert "Traceback" not in output
    assert dev.buckets() == set()
    assert dev.datasources() == {}
    assert dev.namespace not in {each.metadata.name for each in dev.core.list_namespace().items}
    return output
