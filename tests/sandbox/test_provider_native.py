"""What the program and its commands rely on of the provider's native kinds: a new version tells what changed."""

import base64
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.gateway.expose import BALANCER
from tests.sandbox.engine import Stack, engine_environment, provider, resource
from tests.support import load_stack
from tests.unit.test_expose import GRPC, HTTP, WAYS, only

pytestmark = [pytest.mark.sandbox, pytest.mark.nightly]  # by day nothing of the provider changes: it is pinned

SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"
NAMESPACE = "provider-native"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def core(world: Connections) -> Iterator[Any]:
    """The API server, with a namespace for these tests."""
    api = world.core()
    api.create_namespace({"metadata": {"name": NAMESPACE}})
    yield api
    api.delete_namespace(NAMESPACE)


@pytest.fixture
def name(core: Any) -> str:  # noqa: ARG001 - its namespace
    return f"native-{next(_numbers)}"


@pytest.fixture(scope="module")
def empty_stack(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    environment = engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    return Stack(tmp_path_factory.mktemp("native") / "project", environment)


@pytest.fixture
def stack(empty_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return empty_stack.copy(tmp_path_factory.mktemp("native") / "project")


@pytest.fixture
def ours(world: Connections) -> dict[str, Any]:
    """The provider as the program configures it."""
    return provider("kubernetes", kubeconfig=str(world.kubeconfig), context=world.context, enableSecretMutable="true")


def inputs(kind: str, name: str, namespace: str | None = NAMESPACE, **more: Any) -> dict[str, Any]:
    space = {"namespace": namespace} if namespace else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **space}, **more}


def test_native_kinds_through_their_life(ours: dict[str, Any], core: Any, name: str, stack: Stack) -> None:
    space = f"{NAMESPACE}-{name}"

    def program(password: str, **labels: str) -> list[dict[str, Any]]:
        namespace = inputs("Namespace", space, namespace=None)
        namespace["metadata"]["labels"] = {"made-by": "test", **labels}
        hidden = {"password": {"$secret": password}}
        quota = inputs("ResourceQuota", "quota", namespace=space, spec={"hard": {"requests.cpu": "1"}})
        after = {"options": {"depends_on_names": ["space"]}}
        return [
            ours,
            resource("kubernetes:core/v1:Namespace", "space", namespace),
            resource(SECRET, "creds", inputs("Secret", "creds", namespace=space, stringData=hidden), **after),
            resource("kubernetes:core/v1:ResourceQuota", "quota", quota, **after),
        ]

    seen = stack.preview(*program("hunter2-one"))
    assert seen.code == 0, seen.text  # the namespace that the Secret waits for is no error
    assert "hunter2-one" not in seen.text
    stack.must_up()
    state = stack.state()
    assert [state[key]["id"] for key in ("space", "creds", "quota")] == [space, f"{space}/creds", f"{space}/quota"]
    for side in ("inputs", "outputs"):
        assert "ciphertext" in str(state["creds"][side]["data"])
    assert stack.preview(options=("--refresh",)).raw["changeSummary"] == {"same": 5}

    changed = stack.preview(*program("hunter2-two", **{"a.b/c": "new"}))
    assert changed.paths("space") == {'metadata.labels["a.b/c"]': "add"}
    assert changed.op("creds") == "update"
    assert "hunter2-two" not in changed.text
    uid = core.read_namespaced_secret("creds", space).metadata.uid
    stack.must_up()
    secret = core.read_namespaced_secret("creds", space)
    assert (secret.metadata.uid, base64.b64decode(secret.data["password"])) == (uid, b"hunter2-two")

    core.delete_namespaced_secret("creds", space)
    core.delete_namespaced_resource_quota("quota", space)
    drifted = stack.preview(options=("--refresh",))
    assert (drifted.op("creds"), drifted.op("quota")) == ("create", "create")
    assert stack.run("destroy", "--yes", "--skip-preview").code == 0
    assert space not in {item.metadata.name for item in core.list_namespace().items}


def test_a_preview_of_a_create_is_refused_where_an_object_has_fields_of_another_manager(
    ours: dict[str, Any], core: Any, name: str, stack: Stack
) -> None:
    """It is a server-side dry run on what exists: what is planned cannot be learnt from it after a lost state."""
    port = {"name": "otlp", "port": 4317}
    core.create_namespaced_service(NAMESPACE, {"metadata": {"name": name}, "spec": {"ports": [port]}})
    nameless = {"ports": [{"name": "other", "port": 4318}, {"port": 80}], "clusterIP": "None"}
    stack.declare(ours, resource(SERVICE, "taken", inputs("Service", name, spec=nameless)))
    assert stack.run("preview").code != 0


def test_ways_in_from_outside_are_taken_by_the_api_server_and_not_waited_for(
    ours: dict[str, Any], core: Any, stack: Stack
) -> None:
    """No controller here ever gives them an address."""
    wanted = [only(load_stack("dev", WAYS[kind])) for kind in ("ingress", "load_balancer")]
    for each in wanted:
        each["metadata"]["namespace"] = NAMESPACE
    types = {"Ingress": "kubernetes:networking.k8s.io/v1:Ingress", "Service": SERVICE}
    stack.must_up(ours, *(resource(types[each["kind"]], each["metadata"]["name"], each) for each in wanted))
    ingress = client.NetworkingV1Api(core.api_client).read_namespaced_ingress("gateway", NAMESPACE)
    assert [(rule.host, rule.http.paths[0].backend.service.port.name) for rule in ingress.spec.rules] == [
        (HTTP, "https"),
        (GRPC, "otlp-grpc"),
    ]
    balancer = core.read_namespaced_service(BALANCER, NAMESPACE).spec
    assert balancer.load_balancer_source_ranges == ["198.51.100.0/24", "203.0.113.0/24"]
    assert (balancer.type, balancer.external_traffic_policy) == ("LoadBalancer", "Local")
    assert stack.preview(options=("--refresh",)).raw["changeSummary"] == {"same": 4}
    stack.must("destroy", "--yes", "--skip-preview")


def test_an_edit_by_another_manager_is_seen_by_a_refresh_and_then_refused(
    ours: dict[str, Any], core: Any, name: str, stack: Stack
) -> None:
    secret = resource(SECRET, "edited", inputs("Secret", name, stringData={"k": {"$secret": "ours"}}))
    stack.must_up(ours, secret)
    edit = {"stringData": {"k": "theirs"}}
    core.patch_namespaced_secret(name, NAMESPACE, edit, field_manager="kubectl-edit")
    assert stack.preview().op("edited") == "same"
    stack.declare(ours, secret)
    again = stack.run("preview", "--refresh")
    assert again.code != 0
    assert 'conflict with "kubectl-edit"' in again.flat
    assert "theirs" not in again.text
