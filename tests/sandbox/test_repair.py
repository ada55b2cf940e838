"""`commands repair` after `kill -9` in create, update and destroy, on the real engine and real parts."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.engine import EngineError
from sandbox.paths import REPO
from tests.sandbox.deployment import Deployment

pytestmark = pytest.mark.sandbox

KEPT = {"Bucket": "dts-traces-dev-blocks", "Key": "kept"}


@pytest.fixture
def deployed(dev: Deployment) -> Deployment:
    """The dev stack, deployed, with an object in a bucket."""
    if dev.releases() != {"mimir": "deployed", "tempo": "deployed"}:
        dev.up()
    dev.s3.put_object(**KEPT, Body=b"block")
    return dev


def test_a_killed_create_is_mended_once_somebody_says_yes(dev: Deployment) -> None:
    with dev.edited(without_room):  # so that what was left alive cannot finish while it is looked at
        dev.killed("up", "mimir", "pending-install")
        before = dev.engine.checkpoint("dev").read_bytes(), dev.engine.locks("dev")
        asked = dev.repair(code=2)
        assert "the stack is locked by" in asked
        assert "pulumi-resource" in asked
        assert "pulumi-language" in asked
        assert "Nothing was done" in asked
        assert (dev.engine.checkpoint("dev").read_bytes(), dev.engine.locks("dev")) == before
        assert dev.releases()["mimir"] == "pending-install"
        assert "uninstalled the release mimir, which was" in dev.repair("--yes")
    dev.up()
    assert len(dev.buckets()) == 4
    assert dev.releases() == {"mimir": "deployed", "tempo": "deployed"}
    assert len(dev.datasources()) == 2
    assert plain_secrets(dev) == []


def test_what_a_killed_create_had_made_is_adopted_and_nothing_else_is_left_to_do(deployed: Deployment) -> None:
    """As if the engine had been killed after each of them was made, and before it had written that down."""
    pending = make_pending(
        deployed,
        "aws:s3/bucket:Bucket::dts-traces-dev-blocks",
        "kubernetes:core/v1:Namespace::ca7f8f-dev",
        "kubernetes:core/v1:ResourceQuota::ca7f8f-dev-quota",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::telemetry-default-deny",
        "kubernetes:core/v1:Secret::mimir-s3",
        "grafana:oss/dataSource:DataSource::mimir-dev",
        "grafana:oss/dataSource:DataSource::tempo-dev",
    )
    deployed.grafana("DELETE", "/api/datasources/uid/mimir-dev").raise_for_status()
    printed = deployed.repair("--yes")
    adopted = [name for name in pending if f"adopted {name}" in printed]
    assert [name for name in pending if name not in adopted] == ["mimir-dev"]
    assert deployed.changes() == {"mimir-dev": "create"}
    assert deployed.s3.get_object(**KEPT)["Body"].read() == b"block"
    assert plain_secrets(deployed) == []


def test_a_killed_update_is_mended_and_loses_no_object(deployed: Deployment) -> None:
    with deployed.edited(lambda config: config["telemetry:metrics"].update(retention="9d")):
        deployed.killed("up", "mimir", "pending-upgrade", with_plugins=True)
        printed = deployed.repair("--yes")
        assert "rolled the release mimir, which was pending-upgrade, back to revision" in printed
        assert "cleared the unfinished updating of mimir" in printed
        assert _kept_for(deployed) == "168h"
        deployed.up()
        assert _kept_for(deployed) == "216h"
    assert deployed.releases() == {"mimir": "deployed", "tempo": "deployed"}
    assert len(deployed.datasources()) == 2
    assert deployed.s3.get_object(**KEPT)["Body"].read() == b"block"
    assert plain_secrets(deployed) == []


def _kept_for(stack: Deployment) -> str:
    """Return how long the deployed Mimir keeps blocks."""
    file = stack.core.read_namespaced_config_map("mimir-config", stack.namespace).data["mimir.yaml"]
    return str(yaml.safe_load(file)["limits"]["compactor_blocks_retention_period"])


def test_a_killed_destroy_is_mended_and_loses_no_object(deployed: Deployment) -> None:
    deployed.killed("destroy", "mimir", "uninstalling")
    assert "cleared the unfinished deleting of mimir" in deployed.repair("--yes")
    deployed.up()
    assert deployed.releases() == {"mimir": "deployed", "tempo": "deployed"}
    assert len(deployed.datasources()) == 2
    assert deployed.s3.get_object(**KEPT)["Body"].read() == b"block"
    assert plain_secrets(deployed) == []


def test_nothing_is_done_where_somebodys_own_pulumi_is_at_work(dev: Deployment, tmp_path: Path) -> None:
    shutil.copy(shutil.which("sleep") or "", tmp_path / "pulumi")
    with subprocess.Popen([tmp_path / "pulumi", "60"], cwd=REPO, env=dev.engine.environment) as own:
        try:
            assert f"pulumi runs on this project (process {own.pid})" in dev.repair("--yes", code=1)
            with pytest.raises(EngineError, match=f"process {own.pid}"):
                dev.recover()
            assert own.poll() is None
        finally:
            own.kill()


def without_room(config: dict[str, Any]) -> None:
    """Leave room for half of Mimir in the namespace, as if a quota increase were under way."""
    namespace = config["telemetry:namespace"]
    little = {**namespace["quota"], "cpu": "150m"}
    namespace |= {"quota": little, "quota_increase": "requested", "requested_quota": namespace["quota"]}


def make_pending(stack: Deployment, *resources: str) -> list[str]:
    """Take resources (type::name) out of the state, note that they are being created, and return their names."""
    checkpoint = stack.engine.checkpoint(stack.stack)  # `stack import` would drop what is pending
    content = json.loads(checkpoint.read_text())
    deployment = content["checkpoint"]["latest"]
    pending = [each for each in deployment["resources"] if each["urn"].endswith(resources)]
    assert len(pending) == len(resources)
    kept = [each for each in deployment["resources"] if each not in pending]
    deployment["pending_operations"] = [
        {"type": "creating", "resource": {key: each[key] for key in each if key not in ("id", "outputs")}}
        for each in pending
    ]
    deployment["resources"] = json.loads(json.dumps(kept), object_hook=_forgetting({each["urn"] for each in pending}))
    checkpoint.write_text(json.dumps(content))
    return [each["urn"].rpartition("::")[2] for each in pending]


def _forgetting(urns: set[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what takes URNs out of every list of dependencies."""

    def forget(found: dict[str, Any]) -> dict[str, Any]:
        return {
            key: [each for each in value if not isinstance(each, str) or each not in urns]
            if isinstance(value, list)
            else value
            for key, value in found.items()
        }

    return forget


def plain_secrets(stack: Deployment) -> list[str]:
    """Return where a secret stands in plain text, or as Kubernetes writes it, in the state or one of its backups."""
    secrets = [each.secret_key.get_secret_value() for each in stack.connections.s3_identities.values()]
    secrets.append(stack.connections.grafana_auth.get_secret_value().partition(":")[2])
    forms = [form for each in secrets for form in (each.encode(), base64.b64encode(each.encode()))]
    files = [each for each in (stack.engine.state / "pulumi-state").rglob("*") if each.is_file()]
    assert len(files) > 1
    return [str(file) for file in files if any(form in file.read_bytes() for form in forms)]
