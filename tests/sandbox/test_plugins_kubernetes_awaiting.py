"""What the kubernetes stand-in waits for on the world's API server, and custom resources."""

import dataclasses
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config

from sandbox.plugins.base import InitError, ProviderError, Request, ResourceType
from sandbox.plugins.kubernetes.provider import Kubernetes
from sandbox.world import Connections

pytestmark = pytest.mark.sandbox

NAMESPACE = "plugins-awaiting"
NOWHERE = {"nodeSelector": {"no-node-has": "this"}}
BRIEF = 0.5  # seconds
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
    return f"awaited-{next(_numbers)}"


@pytest.fixture
def plugin(world: Connections) -> Kubernetes:
    plugin = Kubernetes()
    plugin.configure({"kubeconfig": str(world.kubeconfig), "context": world.context})
    return plugin


@pytest.fixture
def kinds(plugin: Kubernetes) -> ResourceType:
    return plugin.resource_type("kubernetes:apps/v1:Deployment")


def request(kind: str, name: str, api_version: str, *, annotations: Any = None, **fields: Any) -> Request:
    spec = fields.pop("spec")
    namespace = {} if kind == "CustomResourceDefinition" else {"namespace": NAMESPACE}
    metadata = {"name": name, **namespace, **({"annotations": annotations} if annotations else {})}
    given = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}
    object_id = f"{NAMESPACE}/{name}" if namespace else name
    return Request(urn="urn", type=f"kubernetes:{api_version}:{kind}", name=name, id=object_id, inputs=given, **fields)


def deployment(name: str, *, replicas: int = 1, pod: Any = None, **more: Any) -> Request:
    container = {"name": "c", "image": "registry.example/none:1"}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **(pod or {})}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return request("Deployment", name, "apps/v1", spec=spec, **more)


def service(name: str, **more: Any) -> Request:
    spec = {"selector": {"app": name}, "ports": [{"port": 80}], **more.pop("spec", {})}
    return request("Service", name, "v1", spec=spec, **more)


def test_a_deployment_is_made_when_its_pods_are_ready_and_then_its_service_too(
    kinds: ResourceType, core: Any, name: str
) -> None:
    object_id, made = kinds.create(deployment(name, replicas=2))
    pods = core.list_namespaced_pod(NAMESPACE, label_selector=f"app={name}").items
    assert object_id == f"{NAMESPACE}/{name}"
    assert made["status"]["readyReplicas"] == len(pods) == 2
    kinds.create(service(name, timeout=30))
    assert core.read_namespaced_endpoints(name, NAMESPACE).subsets


def test_an_update_is_done_when_the_new_pods_are_ready(kinds: ResourceType, core: Any, name: str) -> None:
    first = deployment(name)
    _, state = kinds.create(first)
    second = deployment(name, pod={"terminationGracePeriodSeconds": 5}, old_inputs=first.inputs, state=state)
    outputs = kinds.update(second)
    new = [
        pod
        for pod in core.list_namespaced_pod(NAMESPACE, label_selector=f"app={name}").items
        if pod.spec.termination_grace_period_seconds == 5
    ]
    assert [each.status for each in new[0].status.conditions if each.type == "Ready"] == ["True"]
    assert outputs["metadata"]["generation"] == outputs["status"]["observedGeneration"] == 2


def test_one_that_does_not_come_up_is_kept_to_be_mended(kinds: ResourceType, name: str) -> None:
    stuck = deployment(name, pod=NOWHERE, timeout=BRIEF)
    with pytest.raises(InitError) as failure:
        kinds.create(stuck)
    assert failure.value.id == f"{NAMESPACE}/{name}"
    told = str(failure.value)
    assert f"resource {NAMESPACE}/{name} was successfully created, but the Kubernetes API server reported that" in told
    assert f"'{name}' timed out waiting to be Ready; [MinimumReplicasUnavailable]" in told
    assert "(0 of 1 are ready)" in told
    mended = deployment(name, old_inputs=stuck.inputs, state=failure.value.properties)
    assert kinds.update(mended)["status"]["readyReplicas"] == 1
    broken = dataclasses.replace(stuck, old_inputs=mended.inputs, state=failure.value.properties)
    with pytest.raises(InitError, match="was successfully updated, but"):
        kinds.update(broken)


def test_a_preview_waits_for_nothing(kinds: ResourceType, name: str) -> None:
    stuck = deployment(name, pod=NOWHERE, preview=True)
    began = time.monotonic()
    assert kinds.create(stuck)[0] == ""
    assert time.monotonic() - began < 5


def test_a_service_wants_pods_behind_it(kinds: ResourceType, name: str) -> None:
    with pytest.raises(InitError, match="Service does not target any Pods"):
        kinds.create(service(name, timeout=BRIEF))


@pytest.mark.parametrize(
    "free",
    [
        {"spec": {"clusterIP": "None"}},
        {"spec": {"type": "ExternalName", "externalName": "example.org"}},
        {"annotations": {"pulumi.com/skipAwait": "true"}},
    ],
    ids=["headless", "external name", "annotation"],
)
def test_some_services_are_not_awaited(kinds: ResourceType, core: Any, name: str, free: Any) -> None:
    assert kinds.create(service(name, timeout=BRIEF, **free))[0] == f"{NAMESPACE}/{name}"
    assert core.read_namespaced_service(name, NAMESPACE)


def test_a_wait_ends_when_it_is_cancelled(plugin: Kubernetes, kinds: ResourceType, name: str) -> None:
    timer = threading.Timer(BRIEF, plugin.cancel)
    timer.start()
    with pytest.raises(InitError, match="Resource operation was cancelled"):
        kinds.create(service(name))
    timer.join()


def test_a_custom_resource_through_its_life(kinds: ResourceType, name: str) -> None:
    group = f"{name}.example"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    definition = request("CustomResourceDefinition", f"widgets.{group}", "apiextensions.k8s.io/v1", spec=spec)
    widget = request("Widget", name, f"{group}/v1", spec={"size": 1})
    with pytest.raises(ProviderError, match='no matches for kind "Widget" in version "awaited'):
        kinds.create(widget)
    _, defined = kinds.create(definition)
    state = _when_served(kinds, widget)
    larger = request("Widget", name, f"{group}/v1", spec={"size": 2}, old_inputs=widget.inputs, state=state)
    assert kinds.diff(larger).changes == {"spec.size": "UPDATE"}
    assert kinds.update(larger)["spec"] == {"size": 2}
    live = kinds.read(larger)
    assert live is not None
    assert live.inputs["spec"] == {"size": 2}
    # Its definition takes it along. Alone it would wait for a garbage collector that learns of kinds twice a minute.
    kinds.delete(dataclasses.replace(definition, state=defined))
    assert kinds.read(larger) is None


def _when_served(kinds: ResourceType, wanted: Request) -> Any:
    """Make it as soon as the API server serves its kind, which is a moment after the definition is there."""
    for _ in range(100):
        try:
            return kinds.create(wanted)[1]
        except ProviderError:
            time.sleep(0.1)
    return kinds.create(wanted)[1]
