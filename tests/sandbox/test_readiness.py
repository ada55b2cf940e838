"""Why pods are not there, in the words of the real API server and its controllers."""

from collections.abc import Iterator

import pytest
from kubernetes import client

from sandbox.world import Connections
from telemetry.clients.kubernetes import connect
from telemetry.config.connections import Kubernetes
from telemetry.operations.preflight import in_cluster, quota
from telemetry.operations.readiness.objects import Objects
from telemetry.operations.readiness.why import Unready, unready
from tests.support import load_stack, put
from tests.waiting import until

pytestmark = pytest.mark.sandbox

NAMESPACE = "counted"
LABELS = {"app": "counted"}


@pytest.fixture
def api(world: Connections) -> Iterator[client.ApiClient]:
    """The API server, with a namespace whose quota counts limits of CPU."""
    api = connect(Kubernetes(kubeconfig=str(world.kubeconfig), context=world.context))
    core = client.CoreV1Api(api)
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    spec = {"hard": {"limits.cpu": "100", "pods": "100"}}
    core.create_namespaced_resource_quota(NAMESPACE, {"metadata": {"name": "platform"}, "spec": spec})
    yield api
    core.delete_namespace(NAMESPACE)


def found(api: client.ApiClient) -> dict[str, Unready]:
    return {each.kind: each for each in unready(Objects.read(api, NAMESPACE))}


def test_a_quota_on_limits_is_foreseen_quoted_and_met_by_a_default(api: client.ApiClient, world: Connections) -> None:
    _deploy(api)
    until(lambda: {kind for kind, it in found(api).items() if it.reasons} == {"Deployment", "StatefulSet"}, every=0.5)
    for each in found(api).values():
        assert "failed quota: platform: must specify limits.cpu for: main" in each.reasons[0]
        assert "FailedCreate" in each.reasons[0]
    at = put("kubernetes", {"context": world.context, "kubeconfig": str(world.kubeconfig)})
    (line,) = in_cluster.findings(load_stack("dev", at, put("namespace.name", NAMESPACE)), [quota.check])
    assert line.startswith(
        f"quota platform of namespace {NAMESPACE}: a quota that counts limits.cpu refuses every container"
    )
    limits = {"limits": [{"type": "Container", "default": {"cpu": "2"}}]}
    client.CoreV1Api(api).create_namespaced_limit_range(NAMESPACE, {"metadata": {"name": "platform"}, "spec": limits})
    assert in_cluster.findings(load_stack("dev", at, put("namespace.name", NAMESPACE)), [quota.check]) == []
    client.AppsV1Api(api).patch_namespaced_deployment(
        "counted", NAMESPACE, {"metadata": {"annotations": {"again": "1"}}}
    )
    until(lambda: found(api) == {}, every=0.5)


def _deploy(api: client.ApiClient) -> None:
    resources = {"requests": {"cpu": "10m", "memory": "16Mi"}}
    pod = {"containers": [{"name": "main", "image": "none", "resources": resources}]}
    template = {"metadata": {"labels": LABELS}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": template}
    apps, metadata = client.AppsV1Api(api), {"name": "counted"}
    apps.create_namespaced_deployment(NAMESPACE, {"metadata": metadata, "spec": spec})
    apps.create_namespaced_stateful_set(NAMESPACE, {"metadata": metadata, "spec": {**spec, "serviceName": "counted"}})
