"""The life of a stack on the real engine and real parts: preview, up, drift, destroy."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.network.policies import policies_of
from tests.sandbox.deployment import Deployment
from tests.support import load_stack

pytestmark = pytest.mark.sandbox

DEV_BUCKETS = {
    "dts-traces-dev-blocks",
    "dts-metrics-dev-blocks",
    "dts-metrics-dev-ruler",
    "dts-metrics-dev-alertmanager",
}
CREATED = {
    "guardrails",
    *policies_of(load_stack("dev")),
    "kubernetes",
    "s3",
    "grafana",
    "namespace",
    "ca7f8f-dev",
    "ca7f8f-dev-quota",
    "buckets",
    *DEV_BUCKETS,
    "mimir",
    "mimir-s3",
    "mimir-pods",
    "tempo",
    "tempo-s3",
    "traces-ingest",
    "traces-query",
    "datasources",
    "mimir-dev",
    "tempo-dev",
    "telemetry-dev",
}


@pytest.fixture
def deployed(dev: Deployment) -> Deployment:
    """The dev stack, deployed."""
    if "Release" not in {resource["type"].rpartition(":")[2] for resource in dev.resources()}:
        dev.up()
    return dev


def test_preview_of_an_empty_world_names_everything_and_makes_nothing(dev: Deployment) -> None:
    changes = dev.changes()
    assert set(changes) == CREATED
    assert set(changes.values()) == {"create"}
    assert not dev.buckets()
    assert not dev.datasources()
    assert not dev.releases()


def test_up_makes_everything(dev: Deployment) -> None:
    dev.up()
    assert dev.buckets() == DEV_BUCKETS
    assert dev.releases() == {"mimir": "deployed", "tempo": "deployed"}
    assert all(dev.pods().values())
    assert {uid: each["name"] for uid, each in dev.datasources().items()} == {
        "mimir-dev": "Mimir (dev)",
        "tempo-dev": "Tempo (dev)",
    }


def test_the_pods_ask_for_what_the_output_says_and_stay_within_the_plan(deployed: Deployment) -> None:
    capacity = deployed.engine.json("stack output --json", "dev")["capacity"]
    used = deployed.core.read_namespaced_resource_quota("telemetry", deployed.namespace).status.used
    assert len(deployed.pods()) == capacity["pods"]
    assert _millicores(used["requests.cpu"]) == _millicores(capacity["cpu"]) <= 400
    assert _mebibytes(used["requests.memory"]) == _mebibytes(capacity["memory"]) <= 2048
    assert _mebibytes(used["requests.storage"]) == _mebibytes(capacity["storage"]) <= 4096


def longer(config: dict[str, Any]) -> None:
    config["telemetry:traces"].update(retention="5d")


def test_what_was_removed_behind_the_programs_back_is_repaired_and_a_changed_value_put_in_force(
    deployed: Deployment,
) -> None:
    deployed.drop_bucket("dts-metrics-dev-ruler")
    deployed.grafana("DELETE", "/api/datasources/uid/tempo-dev").raise_for_status()
    deployed.core.delete_namespaced_secret("mimir-s3", deployed.namespace)
    deployed.helm("uninstall", "mimir", "--namespace", deployed.namespace, "--wait")
    with deployed.edited(longer):
        deployed.refresh()
        removed = dict.fromkeys(("dts-metrics-dev-ruler", "tempo-dev", "mimir-s3", "mimir"), "create")
        assert deployed.changed_by_up() == {**removed, "tempo": "update"}
        assert deployed.buckets() == DEV_BUCKETS
        assert "tempo-dev" in deployed.datasources()
        assert deployed.core.read_namespaced_secret("mimir-s3", deployed.namespace).data
        assert deployed.releases() == {"mimir": "deployed", "tempo": "deployed"}
        tempo = deployed.core.read_namespaced_config_map("tempo", deployed.namespace).data["tempo.yaml"]
        assert "block_retention: 120h" in tempo
        assert deployed.changes() == {}


def test_the_backend_writes_nothing_that_a_kill_can_leave_half_written(deployed: Deployment) -> None:
    # An empty .attrs file, left by a kill, once kept every later command from loading the checkpoint.
    backend = deployed.engine.state / "pulumi-state"
    assert deployed.engine.checkpoint("dev").exists()
    assert list(backend.rglob("*.attrs")) == []


@pytest.fixture
def several_kubeconfigs(deployed: Deployment, tmp_path: Path) -> dict[str, str]:
    """A KUBECONFIG of several files, as who works with several clusters has it."""
    other = tmp_path / "other"
    other.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "other"}))
    return {"KUBECONFIG": os.pathsep.join([str(other), str(deployed.connections.kubeconfig)])}


def in_the_environment(config: dict[str, Any]) -> None:
    del config["telemetry:kubernetes"]["kubeconfig"]
    config["telemetry:traces"].update(retention="6d")


def test_the_cluster_is_found_by_the_environment_and_the_state_keeps_no_path(
    deployed: Deployment, several_kubeconfigs: dict[str, str]
) -> None:
    with deployed.edited(in_the_environment):
        deployed.up(variables=several_kubeconfigs)
    tempo = deployed.core.read_namespaced_config_map("tempo", deployed.namespace).data["tempo.yaml"]
    assert "block_retention: 144h" in tempo
    (provider,) = (each for each in deployed.resources() if each["type"] == "pulumi:providers:kubernetes")
    assert "kubeconfig" not in {**provider["inputs"], **provider["outputs"]}


def test_destroy_leaves_nothing_of_dev(deployed: Deployment, several_kubeconfigs: dict[str, str]) -> None:
    deployed.s3.put_object(Bucket="dts-traces-dev-blocks", Key="tenant/block", Body=b"goes with it")
    deployed.destroy(variables=several_kubeconfigs)
    assert deployed.resources() == []
    assert not deployed.buckets()
    assert not deployed.datasources()
    assert deployed.namespace not in {each.metadata.name for each in deployed.core.list_namespace().items}


def _millicores(quantity: str) -> int:
    return int(quantity[:-1]) if quantity.endswith("m") else int(quantity) * 1000


def _mebibytes(quantity: str) -> int:
    factor = {"Mi": 1, "Gi": 1024}[quantity[-2:]]
    return int(quantity[:-2]) * factor
