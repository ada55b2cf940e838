"""A release that does not fit its namespace: rejected pods, a failed release that is kept, and its repair."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config

from helm import mimir
from sandbox.paths import REPO
from sandbox.plugins.base import InitError, Request
from sandbox.plugins.kubernetes.provider import Kubernetes
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from tests.sandbox.engine import engine_environment
from tests.support import load_stack

pytestmark = pytest.mark.sandbox

NAMESPACE = "too-small"
TYPE = "kubernetes:helm.sh/v3:Release"
PODS = 11


@pytest.fixture
def core(world: Connections) -> Iterator[client.CoreV1Api]:
    """The cluster, with a namespace whose quota has room for half of Mimir."""
    core = client.CoreV1Api(config.new_client_from_config(str(world.kubeconfig), world.context))
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": mimir.SERVICE_ACCOUNT}})
    core.create_namespaced_resource_quota(NAMESPACE, _quota("150m"))
    yield core
    core.delete_namespace(NAMESPACE)


def test_a_release_that_does_not_fit_fails_as_on_a_cluster_and_is_repaired_by_a_larger_quota(
    core: client.CoreV1Api,
    world: Connections,
    toolchain: Toolchain,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", engine_environment(toolchain, tmp_path_factory.mktemp("home"))["PATH"])
    kubernetes = Kubernetes()
    kubernetes.configure({"kubeconfig": str(world.kubeconfig), "context": world.context})
    release = kubernetes.resource_type(TYPE)
    asked = Request(urn="urn", type=TYPE, name="mimir", inputs=release.check(_request(timeout=6)))

    with pytest.raises(InitError) as failure:
        release.create(asked)
    kept = failure.value
    assert kept.properties["status"]["status"] == "failed"
    assert 0 < _ready_pods(core) < PODS
    messages = [event.message for event in core.list_namespaced_event(NAMESPACE).items]
    assert any("exceeded quota: room" in message for message in messages), messages

    core.patch_namespaced_resource_quota("room", NAMESPACE, _quota("4"))
    inputs = {**asked.inputs, "timeout": 120}
    repaired = release.update(
        Request(urn="urn", type=TYPE, name="mimir", id=kept.id, inputs=inputs, state=kept.properties)
    )
    assert repaired["status"]["status"] == "deployed"
    assert _ready_pods(core) == PODS


def _request(timeout: int) -> Request:
    values = mimir.values(load_stack(), secret_name="mimir-s3")
    chart = str(REPO / "sandbox" / "charts" / "mimir-distributed")
    inputs = {"name": "mimir", "namespace": NAMESPACE, "chart": chart, "values": values, "timeout": timeout}
    return Request(urn="urn", type=TYPE, name="mimir", inputs=inputs)


def _quota(cpu: str) -> dict[str, Any]:
    return {"metadata": {"name": "room"}, "spec": {"hard": {"requests.cpu": cpu}}}


def _ready_pods(core: client.CoreV1Api) -> int:
    pods = core.list_namespaced_pod(NAMESPACE).items
    return sum(any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions) for pod in pods)
