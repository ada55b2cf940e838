"""The stand-in's native Kubernetes kinds on the world's API server, compared with what the real provider does."""

import base64
import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from sandbox.plugins.base import CheckError, ProviderError, Request, ResourceType
from sandbox.plugins.kubernetes.provider import Kubernetes
from sandbox.plugins.values import UNKNOWN, Secret, reveal
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from tests.sandbox.engine import Stack, dead_port, engine_environment, provider, resource

pytestmark = pytest.mark.sandbox

SECRET = "kubernetes:core/v1:Secret"
NAMESPACE = "plugins-native"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def core(world: Connections) -> Iterator[Any]:
    """The API server, with a namespace for these tests."""
    api = client.CoreV1Api(config.new_client_from_config(str(world.kubeconfig), world.context))
    api.create_namespace({"metadata": {"name": NAMESPACE}})
    yield api
    api.delete_namespace(NAMESPACE)


@pytest.fixture
def name(core: Any) -> str:  # noqa: ARG001 - its namespace
    return f"native-{next(_numbers)}"


@pytest.fixture(scope="module")
def stack(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    environment = engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    return Stack(tmp_path_factory.mktemp("native") / "project", environment)


def kind(world: Connections, **settings: Any) -> ResourceType:
    plugin = Kubernetes()
    plugin.configure({"kubeconfig": str(world.kubeconfig), "context": world.context, **settings})
    return plugin.resource_type(SECRET)


def inputs(kind: str, name: str, api_version: str = "v1", namespace: str | None = NAMESPACE, **more: Any) -> Any:
    space = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **space}, **more}


def request(given: Any, **fields: Any) -> Request:
    metadata = reveal(given)["metadata"]
    object_id = "/".join(metadata[key] for key in ("namespace", "name") if key in metadata)
    token = f"kubernetes:core/{given['apiVersion']}:{given['kind']}"
    return Request(urn="urn", type=token, name="x", id=object_id, inputs=given, **fields)


def test_native_kinds_through_their_life(world: Connections, core: Any, name: str, stack: Stack) -> None:
    kubernetes = provider(
        "kubernetes", kubeconfig=str(world.kubeconfig), context=world.context, enableSecretMutable="true"
    )
    space = f"{NAMESPACE}-{name}"

    def program(password: str, **labels: str) -> list[dict[str, Any]]:
        namespace = inputs("Namespace", space, namespace=None)
        namespace["metadata"]["labels"] = {"made-by": "test", **labels}
        hidden = {"password": {"$secret": password}}
        after = {"options": {"depends_on_names": ["space"]}}
        return [
            kubernetes,
            resource("kubernetes:core/v1:Namespace", "space", namespace),
            resource(SECRET, "creds", inputs("Secret", "creds", namespace=space, stringData=hidden), **after),
            resource(
                "kubernetes:core/v1:ResourceQuota",
                "quota",
                inputs("ResourceQuota", "quota", namespace=space, spec={"hard": {"requests.cpu": "1"}}),
                **after,
            ),
        ]

    seen = stack.preview(*program("hunter2-one"))
    assert seen.code == 0, seen.text  # the namespace that the Secret waits for is no error
    assert "hunter2-one" not in seen.text
    stack.must_up()
    state = stack.state()
    assert [state[key]["id"] for key in ("space", "creds", "quota")] == [space, f"{space}/creds", f"{space}/quota"]
    metadata = state["space"]["outputs"]["metadata"]
    assert metadata["uid"]
    assert metadata["resourceVersion"]
    assert state["space"]["outputs"]["status"] == {"phase": "Active"}
    for key in ("data", "stringData"):
        assert "ciphertext" in state["creds"]["outputs"][key]
    assert stack.preview(options=("--refresh",)).raw["changeSummary"] == {"same": 5}

    changed = stack.preview(*program("hunter2-two", **{"a.b/c": "new"}))
    assert changed.paths("space") == {'metadata.labels["a.b/c"]': "add"}
    assert changed.op("creds") == "update"
    assert changed.paths("creds") == {"stringData.password": "update"}
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


def test_existing_object_is_a_note_in_a_preview_and_an_error_in_up(
    world: Connections, core: Any, name: str, stack: Stack
) -> None:
    core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": name}})
    kubernetes = provider("kubernetes", kubeconfig=str(world.kubeconfig), context=world.context)
    stack.declare(kubernetes, resource(SECRET, "taken", inputs("Secret", name)))
    seen = stack.run("preview")
    assert seen.code == 0
    assert f'Retry #0; creation failed: secrets "{name}" already exists' in seen.flat
    done = stack.up()
    assert done.code != 0
    assert f"resource {NAMESPACE}/{name} was not successfully created" in done.flat
    assert f'secrets "{name}" already exists' in done.flat
    assert "import" in done.flat
    assert "upsert_existing_objects" in done.flat


def test_upsert_adopts_a_namespace_and_a_secret_only_by_force(world: Connections, core: Any, name: str) -> None:
    _, outputs = kind(world, upsertExistingObjects="true").create(
        request(inputs("Namespace", NAMESPACE, namespace=None))
    )
    assert outputs["status"] == {"phase": "Active"}
    core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": name}, "data": {"k": "b2xk"}})
    ours = request(inputs("Secret", name, data={"k": "bmV3"}))
    with pytest.raises(ProviderError, match="Apply failed with 1 conflict"):
        kind(world, upsertExistingObjects="true").create(ours)
    kind(world, upsertExistingObjects="true", enablePatchForce="true").create(ours)
    assert core.read_namespaced_secret(name, NAMESPACE).data == {"k": "bmV3"}


@pytest.mark.parametrize(
    ("mutable", "change", "replaces"),
    [
        ("true", {"stringData": {"k": "new"}}, set()),
        ("false", {"stringData": {"k": "new"}}, {"stringData.k"}),
        ("true", {"type": "kubernetes.io/tls"}, {"type"}),
        ("true", {"metadata": {"name": "other", "namespace": NAMESPACE}}, {"metadata.name"}),
        ("true", {"metadata": {"name": "n", "namespace": "other"}}, {"metadata.namespace"}),
        ("true", {"metadata": {"name": "n", "namespace": NAMESPACE, "labels": {"a": "b"}}}, set()),
    ],
)
def test_what_replaces_a_secret(world: Connections, mutable: str, change: Any, replaces: set[str]) -> None:
    old = inputs("Secret", "n", stringData={"k": "old"}, type="Opaque")
    found = kind(world, enableSecretMutable=mutable).diff(request({**old, **change}, old_inputs=old))
    assert found.changes
    assert found.replaces == replaces
    # under the same name the old one has to go first; a new name is made before the old one goes
    if replaces:
        assert found.delete_before_replace == ("metadata" not in change)


def test_keys_that_go_are_taken_away(world: Connections, core: Any, name: str) -> None:
    secrets = kind(world, enableSecretMutable="true")
    first = request(inputs("Secret", name, stringData={"a": "1", "b": "2"}))
    _, state = secrets.create(first)
    second = request(inputs("Secret", name, stringData={"a": "3"}), old_inputs=first.inputs, state=state)
    outputs = secrets.update(second)
    assert core.read_namespaced_secret(name, NAMESPACE).data == {"a": "Mw=="}
    assert isinstance(outputs["data"], Secret)
    assert isinstance(outputs["stringData"], Secret)


def test_edit_by_another_manager_is_drift_and_then_a_conflict_even_in_a_preview(
    world: Connections, core: Any, name: str
) -> None:
    secrets = kind(world, enableSecretMutable="true")
    ours = request(inputs("Secret", name, stringData={"k": "ours"}))
    _, state = secrets.create(ours)
    edit = {"stringData": {"k": "theirs"}, "metadata": {"labels": {"x": "y"}}}
    core.patch_namespaced_secret(name, NAMESPACE, edit, field_manager="kubectl-edit")
    live = secrets.read(dataclasses.replace(ours, state=state))
    assert live is not None
    assert reveal(live.inputs["stringData"]) == {"k": "theirs"}
    assert "labels" not in live.inputs["metadata"]
    again = dataclasses.replace(ours, old_inputs=live.inputs, state=live.state, preview=True)
    assert secrets.diff(again).changes == {"stringData.k": "UPDATE"}
    with pytest.raises(ProviderError, match='conflict with "kubectl-edit"'):
        secrets.update(again)
    kind(world, enableSecretMutable="true", enablePatchForce="true").update(dataclasses.replace(again, preview=False))
    assert core.read_namespaced_secret(name, NAMESPACE).data == {"k": base64.b64encode(b"ours").decode()}


@pytest.mark.parametrize(
    ("api_version", "made", "more"),
    [
        ("v1", "LimitRange", {"spec": {"limits": [{"type": "Container", "default": {"memory": "1Gi"}}]}}),
        ("v1", "ConfigMap", {"data": {"a": "b"}}),
        ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}),
        ("policy/v1", "PodDisruptionBudget", {"spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}),
    ],
)
def test_any_kind_is_made_read_imported_and_removed(
    world: Connections, name: str, api_version: str, made: str, more: Any
) -> None:
    anything = kind(world)
    asked = request(inputs(made, name, api_version, **more))
    object_id, state = anything.create(asked)
    assert object_id == f"{NAMESPACE}/{name}"
    live = anything.read(dataclasses.replace(asked, state=state))
    assert live is not None
    assert live.inputs == asked.inputs
    imported = anything.read(dataclasses.replace(asked, inputs={}, type=f"kubernetes:{api_version}:{made}"))
    assert imported is not None
    assert (imported.inputs["kind"], imported.inputs["metadata"]) == (
        made,
        asked.inputs["metadata"]
        | {key: value for key, value in imported.inputs["metadata"].items() if key in ("annotations", "labels")},
    )
    anything.delete(dataclasses.replace(asked, inputs={}, state=state))
    assert anything.read(asked) is None
    anything.delete(dataclasses.replace(asked, inputs={}, state=state))


def test_server_s_refusal_is_passed_on(world: Connections, name: str) -> None:
    quota = request(inputs("ResourceQuota", name, spec={"hard": {"requests.cpu": "much"}}))
    with pytest.raises(ProviderError, match=f"{NAMESPACE}/{name} was not successfully created .*quantities must match"):
        kind(world).create(quota)


def test_unreachable_cluster_is_an_error_but_for_previews(world: Connections, tmp_path: Path) -> None:
    dead = tmp_path / "kubeconfig"
    parsed = yaml.safe_load(world.kubeconfig.read_text())
    parsed["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{dead_port()}"
    dead.write_text(yaml.safe_dump(parsed))
    away = kind(world, kubeconfig=str(dead))
    asked = request(inputs("Secret", "s"), state=inputs("Secret", "s"))
    for call in (away.create, away.read, away.update, away.delete):
        with pytest.raises(ProviderError, match=r"configured Kubernetes cluster is unreachable: .*connection refused"):
            call(asked)
    assert away.create(dataclasses.replace(asked, preview=True)) == ("", asked.inputs)
    assert away.update(dataclasses.replace(asked, preview=True)) == asked.inputs


def test_preview_with_unknowns_sends_nothing(tmp_path: Path) -> None:
    plugin = Kubernetes()
    plugin.configure({"kubeconfig": str(tmp_path / "none")})
    asked = request(inputs("Secret", "s", stringData={"k": UNKNOWN}), preview=True)
    secrets = plugin.resource_type(SECRET)
    assert secrets.create(asked)[0] == ""
    assert secrets.update(asked)["stringData"]


def test_namespace_comes_from_the_provider_and_names_are_not_invented(world: Connections) -> None:
    kinds = kind(world, namespace="elsewhere")
    checked = kinds.check(request(inputs("Secret", "s", namespace=None)))
    assert checked["metadata"] == {"name": "s", "namespace": "elsewhere"}
    assert "namespace" not in kinds.check(request(inputs("Namespace", "n", namespace=None)))["metadata"]
    nameless = dataclasses.replace(request(inputs("Secret", "s")), inputs=inputs("Secret", ""))
    with pytest.raises(CheckError) as failure:
        kinds.check(nameless)
    assert failure.value.path == "metadata.name"


def test_client_side_apply_is_refused(world: Connections) -> None:
    with pytest.raises(ProviderError, match="always uses server-side apply"):
        kind(world, enableServerSideApply="false")
