"""The world behaves as a cluster, an object store and a Grafana do where the program depends on it."""

import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psutil
import pytest
from botocore.exceptions import ClientError
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from tenacity import retry, stop_after_delay, wait_fixed

from sandbox.world import Connections
from sandbox.world.seaweedfs import buckets_of
from tests.sandbox.reach import processes, remove_bucket, s3

pytestmark = pytest.mark.sandbox

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def api(world: Connections) -> client.ApiClient:
    """A client made from the kubeconfig file alone, as any tool would."""
    made: client.ApiClient = config.new_client_from_config(str(world.kubeconfig), world.context)
    return made


@pytest.fixture
def namespace(api: client.ApiClient, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.name.replace("_", "-").removeprefix("test-")[:60].strip("-")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    core = core_of(api)
    core.create_namespace({"metadata": {"name": name, "labels": labels}})
    yield name
    core.delete_namespace(name)


def core_of(api: client.ApiClient) -> Any:
    return client.CoreV1Api(api)  # takes plain dicts as well, which its types do not say


def apps_of(api: client.ApiClient) -> Any:
    return client.AppsV1Api(api)


def pod_spec(**more: Any) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "example.org/none",
        "securityContext": RESTRICTED,
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    }
    return {"containers": [container], **more}


def workload(replicas: int = 1, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": pod_spec()}
    selector = {"matchLabels": {"app": "x"}}
    return {
        "metadata": {"name": "x"},
        "spec": {"replicas": replicas, "selector": selector, "template": template, **spec},
    }


within_20_seconds = retry(stop=stop_after_delay(20), wait=wait_fixed(0.1), reraise=True)


def test_a_deployment_becomes_ready(api: client.ApiClient, namespace: str) -> None:
    apps_of(api).create_namespaced_deployment(namespace, workload(replicas=3))

    @within_20_seconds
    def ready() -> None:
        pods = core_of(api).list_namespaced_pod(namespace).items
        assert len(pods) == 3
        for pod in pods:
            assert pod.spec.node_name.startswith("sandbox-")
            assert pod.status.phase == "Running"
            assert pod.status.pod_ip
            assert all(status.ready and status.state.running for status in pod.status.container_statuses)
        found = apps_of(api).read_namespaced_deployment_status("x", namespace)
        assert found.status.available_replicas == 3

    ready()


def test_a_stateful_set_gets_its_volume_and_lets_it_go(api: client.ApiClient, namespace: str) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    apps, core = apps_of(api), core_of(api)
    apps.create_namespaced_stateful_set(namespace, workload(2, serviceName="x", volumeClaimTemplates=[claim]))

    @within_20_seconds
    def bound() -> None:
        assert apps.read_namespaced_stateful_set_status("x", namespace).status.ready_replicas == 2
        claims = core.list_namespaced_persistent_volume_claim(namespace).items
        assert [each.status.phase for each in claims] == ["Bound", "Bound"]

    @within_20_seconds
    def gone() -> None:
        assert core.list_namespaced_pod(namespace).items == []
        assert core.list_persistent_volume().items == []

    bound()
    apps.delete_namespaced_stateful_set("x", namespace)
    core.delete_collection_namespaced_persistent_volume_claim(namespace)
    gone()


def test_a_pod_that_no_node_has_room_for_stays_pending(api: client.ApiClient, namespace: str) -> None:
    manifest = {"metadata": {"name": "large"}, "spec": pod_spec()}
    manifest["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "33"}}
    core = core_of(api)
    core.create_namespaced_pod(namespace, manifest)

    @within_20_seconds
    def refused() -> None:
        conditions = core.read_namespaced_pod_status("large", namespace).status.conditions or []
        assert any("Insufficient cpu" in (condition.message or "") for condition in conditions)

    refused()


def test_the_quota_is_enforced(api: client.ApiClient, namespace: str) -> None:
    core = core_of(api)
    core.create_namespaced_resource_quota(
        namespace, {"metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "150m"}}}
    )

    @within_20_seconds
    def counted() -> None:
        assert core.read_namespaced_resource_quota_status("small", namespace).status.used

    counted()
    core.create_namespaced_pod(namespace, {"metadata": {"name": "first"}, "spec": pod_spec()})
    with pytest.raises(ApiException, match=r"exceeded quota: small, requested: requests\.cpu=100m"):
        core.create_namespaced_pod(namespace, {"metadata": {"name": "second"}, "spec": pod_spec()})


def test_pod_security_is_enforced(api: client.ApiClient, namespace: str) -> None:
    manifest = {"metadata": {"name": "lax"}, "spec": pod_spec()}
    del manifest["spec"]["containers"][0]["securityContext"]
    with pytest.raises(ApiException, match=r"violates PodSecurity .*restricted:latest"):
        core_of(api).create_namespaced_pod(namespace, manifest)


def test_a_service_account_must_exist(api: client.ApiClient, namespace: str) -> None:
    manifest = {"metadata": {"name": "nobody"}, "spec": pod_spec(serviceAccountName="nobody")}
    with pytest.raises(ApiException, match='serviceaccount \\\\"nobody\\\\" not found'):
        core_of(api).create_namespaced_pod(namespace, manifest)


@pytest.fixture(scope="module")
def buckets(world: Connections) -> Iterator[list[str]]:
    """All twelve buckets of the convention and some more: each needs volumes of its own."""
    admin = s3(world, "provisioner")
    names = [*buckets_of("traces"), *buckets_of("metrics"), *(f"other-{index}" for index in range(8))]
    for name in names:
        admin.create_bucket(Bucket=name)
    yield names
    for name in names:
        remove_bucket(admin, name)


def test_every_bucket_can_be_written(world: Connections, buckets: list[str]) -> None:
    admin = s3(world, "provisioner")
    assert len(buckets) >= 20
    for name in buckets:
        admin.put_object(Bucket=name, Key="a/b", Body=name.encode())
    assert [admin.get_object(Bucket=name, Key="a/b")["Body"].read().decode() for name in buckets] == buckets


@pytest.mark.parametrize(("identity", "other"), [("traces", "metrics"), ("metrics", "traces")])
def test_an_identity_has_its_own_buckets_and_no_others(
    world: Connections, buckets: list[str], identity: str, other: str
) -> None:
    assert buckets
    mine, theirs, own = buckets_of(identity), buckets_of(other), s3(world, identity)
    for name in mine:
        own.put_object(Bucket=name, Key="mine", Body=b"x")
        assert [item["Key"] for item in own.list_objects_v2(Bucket=name)["Contents"] if item["Key"] == "mine"]
    forbidden: list[Callable[[], Any]] = [
        lambda: own.put_object(Bucket=theirs[0], Key="x", Body=b""),
        lambda: own.list_objects_v2(Bucket=theirs[0]),
        lambda: own.create_bucket(Bucket="new-bucket"),
        lambda: own.delete_bucket(Bucket=theirs[0]),
        lambda: own.delete_bucket(Bucket=mine[0]),
    ]
    for call in forbidden:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


def test_no_stranger_is_let_in(world: Connections) -> None:
    assert httpx.get(world.s3_endpoint).status_code == 403
    assert httpx.get(f"{world.grafana_url}/api/org").status_code == 401
    context = ssl.create_default_context(cafile=str(world.kubeconfig.parent / "tls" / "ca.crt"))
    assert httpx.get(f"{world.api_server}/api/v1/secrets", verify=context).status_code == 403


def test_all_listen_on_loopback_only(world: Connections) -> None:
    listening = [
        connection
        for _, process in processes(world.kubeconfig.parent)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 15
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
    assert {connection.family for connection in listening} == {socket.AF_INET}


def test_secrets_are_for_the_owner_alone(world: Connections) -> None:
    state = world.kubeconfig.parent
    secrets = [
        *[identity.secret_key.get_secret_value() for identity in world.s3_identities.values()],
        world.grafana_auth.get_secret_value(),
        (state / "config" / "admin.token").read_text(),
    ]
    assert stat.S_IMODE(world.kubeconfig.stat().st_mode) == 0o600
    for path in (each for each in state.rglob("*") if each.is_file() and "data" not in each.parts):
        content = path.read_text(errors="replace")
        if any(secret in content for secret in secrets) or "PRIVATE KEY" in content:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            assert path.parent.name != "logs", path
    running = processes(state)
    assert len(running) == 7
    for _, process in running:
        assert not any(secret in " ".join(process.cmdline()) for secret in secrets)
    shown = repr(world) + str(world.model_dump())
    assert not any(secret in shown for secret in secrets)


def test_connections_can_be_read_again(world: Connections) -> None:
    assert Connections.load(world.kubeconfig.parent) == world
