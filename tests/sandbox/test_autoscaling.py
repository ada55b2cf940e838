"""The gateway's autoscaler through the real provider, and what the real controller makes of a metric.

The adapter is the API server itself: a metric of the external metrics API is a list of objects, as a CRD serves them.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.gateway.addresses import SERVICE
from telemetry.operations.compare.charts import objects_of_gateway
from tests.sandbox.engine import Stack, engine_environment, provider, resource
from tests.support import all_of, drop, load_stack, put
from tests.waiting import until

pytestmark = pytest.mark.sandbox

NAMESPACE = "autoscaling"
GROUP, VERSION, METRIC, KIND = "external.metrics.k8s.io", "v1beta1", "connections-waiting", "ExternalMetricValue"
BY_METRIC = {
    "max_replicas": 4,
    "cpu_percent": None,
    "metrics": [{"type": "external", "name": METRIC, "labels": {"of": "gateway"}, "average_value": 10}],
}
TOKENS = {"deployment": "kubernetes:apps/v1:Deployment", "scaler": "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"}


@pytest.fixture
def adapter(world: Connections) -> Iterator[Any]:
    """The external metrics API with one metric, in a namespace of its own."""
    core = world.core()
    kinds = client.ApiextensionsV1Api(core.api_client)
    name = f"{METRIC}.{GROUP}"
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    kinds.create_custom_resource_definition(
        {
            "metadata": {"name": name, "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
            "spec": {
                "group": GROUP,
                "scope": "Namespaced",
                "names": {"plural": METRIC, "kind": KIND},
                "versions": [version],
            },
        }
    )
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    until(lambda: [each for each in kinds.read_custom_resource_definition(name).status.conditions or ()
                   if (each.type, each.status) == ("Established", "True")])  # fmt: skip
    yield client.CustomObjectsApi(core.api_client)
    core.delete_namespace(NAMESPACE)
    kinds.delete_custom_resource_definition(name)


def test_a_metric_of_the_users_own_scales_the_gateway_and_the_next_up_leaves_it_so(
    adapter: Any, world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    stack = Stack(tmp_path_factory.mktemp("autoscaling") / "project", environment)
    settings = load_stack("prod", all_of(drop("gateway.replicas"), put("gateway.autoscaling", BY_METRIC)))
    program = [provider("kubernetes", kubeconfig=str(world.kubeconfig), context=world.context)]
    for name, each in zip(TOKENS, objects_of_gateway(settings), strict=True):
        each["metadata"] |= {"namespace": NAMESPACE, "annotations": {"pulumi.com/skipAwait": "true"}}
        program.append(resource(TOKENS[name], name, each))
    value = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metricName": METRIC,
        "timestamp": "2026-11-01T00:00:00Z",
    }
    for name, labels, amount in (("ours", {"of": "gateway"}, "35"), ("others", {}, "500")):
        metadata = {"name": name, "labels": labels}
        adapter.create_namespaced_custom_object(
            GROUP, VERSION, NAMESPACE, METRIC, {**value, "metadata": metadata, "value": amount}
        )
    stack.must_up(*program)

    apps = client.AppsV1Api(adapter.api_client)
    until(lambda: apps.read_namespaced_deployment(SERVICE, NAMESPACE).spec.replicas == 4, every=1)  # 35 / 10
    assert {step["op"] for step in stack.preview(options=("--refresh",)).steps.values()} <= {"same", "refresh"}
