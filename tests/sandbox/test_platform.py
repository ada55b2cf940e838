"""All that a platform may ask for, held before the real API server: every object and a pod of every role is taken."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from kubernetes import client, config, dynamic

from sandbox.world import Connections
from telemetry.clients.dry_run import Cluster
from telemetry.operations.compare.charts import objects_of_gateway
from telemetry.releases import releases_of
from telemetry.stack import Stack, tenant_quotas
from telemetry.stack.images import images_of
from tests.sandbox.charts import Object, rendered, workloads
from tests.sandbox.test_metadata import MARKED
from tests.support import EVERY_SIGNAL, WITH_THANOS_IN_PROD, Change, Tree, all_of, drop, load_stack, put
from tests.waiting import until

pytestmark = pytest.mark.sandbox

NAMESPACE = CLASS = "platform-rules"
NEAR = {
    "nodes": {"required": [{"requirements": [{"key": "disk", "operator": "Gt", "values": ["4"]}]}]},
    "apart_from": {"preferred": [{"topology_key": "kubernetes.io/hostname", "labels": {"app": "batch"}}]},
}
PIN = {"tag": "9.9.9", "digest": f"sha256:{64 * 'a'}"}
ROLE = {"ephemeral_storage": "1Gi", "termination_grace": "7m", "bandwidth": {"egress": "10M"}, "placement": {
    "affinity": NEAR, "tolerations": [{"key": "only", "operator": "Exists"}], "storage_class": "standard",
}}  # fmt: skip
ADAPTED = {
    "metrics": [
        {"type": "pods", "name": "inflight", "average_value": 0.5},
        {"type": "external", "name": "waiting", "labels": {"of": "queries"}, "average_value": 2},
        {
            "type": "object",
            "name": "requests",
            "value": "10k",
            "described_object": {"api_version": "v1", "kind": "Service", "name": "gateway"},
        },
    ]
}
QUOTA = {"cpu": "40", "memory": "128Gi", "storage": "512Gi", "counted": {
    "limits.memory": "64Gi", "requests.ephemeral-storage": "100Gi", "pods": 60, "services.loadbalancers": 0,
    "standard.storageclass.storage.k8s.io/requests.storage": "1Ti", "count/deployments.apps": 30,
}}  # fmt: skip


class Asked(NamedTuple):
    """Backends, and the roles of which something is asked."""

    backends: Change
    roles: tuple[str, ...]
    autoscaled: dict[str, Tree]
    scaled: list[str]
    """The workloads of these, the gateway's among them."""

    @property
    def stack(self) -> Stack:
        """A stack that asks for all that there is."""
        backends = all_of(self.backends, put("kubernetes.platform", "kubernetes"))
        images = {
            "registry": "r.example:5000/m",
            "pull_secrets": ["login"],
            "overrides": dict.fromkeys(images_of(load_stack("prod", backends)), PIN),
        }
        autoscaled = {**self.autoscaled, "gateway": ADAPTED}
        return load_stack(
            "prod",
            backends,
            *(drop(f"{role}.replicas") for role in autoscaled),
            *(put(f"{role}.autoscaling", scaling) for role, scaling in autoscaled.items()),
            put("images", images),
            MARKED,
            lambda settings: settings["tenants"][0].update(namespaces=[{"name": "shop", "quota": QUOTA}]),
            put("priority_class", {"name": CLASS, "value": 1000}),
            put("gateway.placement", {"affinity": NEAR}),
            *(put(f"{role}.{key}", value) for role in self.roles for key, value in ROLE.items()),
        )


ASKED = {
    "default backends": Asked(
        EVERY_SIGNAL["prod"],
        ("traces.roles.ingester", "metrics.roles.ingester", "logs.roles.write", "profiles.roles.metastore"),
        dict.fromkeys(("traces.roles.querier", "metrics.roles.querier", "logs.roles.read"), ADAPTED),
        ["gateway", "loki-read", "mimir-querier", "tempo-distributed-querier"],
    ),
    "Thanos": Asked(
        WITH_THANOS_IN_PROD,
        tuple(f"metrics.roles.{role}" for role in ("prometheus", "receive-ingestor", "alertmanager")),
        {"metrics.roles.query": {}, "metrics.roles.receive-router": {}},  # by CPU alone
        ["gateway", "thanos-query", "thanos-receive-router"],
    ),
}


@pytest.fixture(scope="module")
def cluster(world: Connections) -> Iterator[Cluster]:
    """The API server, with a namespace that wants PodSecurity `restricted`, and the priority class."""
    api = config.new_client_from_config(str(world.kubeconfig), world.context)
    core, scheduling = client.CoreV1Api(api), client.SchedulingV1Api(api)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    core.create_namespace({"metadata": {"name": NAMESPACE, "labels": labels}})
    scheduling.create_priority_class({"metadata": {"name": CLASS}, "value": 1000})
    until(lambda: core.list_namespaced_service_account(NAMESPACE).items)  # without which there is no pod
    yield Cluster(dynamic.DynamicClient(api))
    scheduling.delete_priority_class(CLASS)
    core.delete_namespace(NAMESPACE)


def pod_of(workload: Object) -> dict[str, Any]:
    """Return a pod of a workload, which admission looks at as it does not at the workload.

    Without its account, which is not there, and with a claim's volume as the controller of StatefulSets adds it.
    """
    template, claims = workload["spec"]["template"], workload["spec"].get("volumeClaimTemplates", ())
    spec = {key: value for key, value in template["spec"].items() if key != "serviceAccountName"}
    names = [claim["metadata"]["name"] for claim in claims]
    spec["volumes"] = [
        *(spec.get("volumes") or ()),
        *({"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names),
    ]
    metadata = {key: template["metadata"][key] for key in ("labels", "annotations")}
    name = f"pod-of-{workload['metadata']['name']}"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "name": name}, "spec": spec}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_the_api_server_takes_every_object_and_a_pod_of_every_role(cluster: Cluster, asked: Asked) -> None:
    stack = asked.stack
    objects = [each for of_chart in rendered(stack).values() for each in of_chart]
    objects += tenant_quotas.objects_of(stack)
    objects += [*objects_of_gateway(stack), *(each for release in releases_of(stack) for each in release.added)]
    scaled: list[str] = []
    pods = [pod_of(each) for each in workloads(objects)]
    assert len(pods) >= sum(role.own_pods > 0 for release in releases_of(stack) for role in release.roles.values())
    for each in (*objects, *pods):
        each["metadata"]["namespace"] = NAMESPACE
        taken = cluster.applied(each)
        if each["kind"] == "Pod":
            assert taken["spec"]["priority"] == 1000
        if each["kind"] == "HorizontalPodAutoscaler":
            assert taken["spec"]["metrics"] == each["spec"]["metrics"], "written as the server writes it"
            name = each["spec"]["scaleTargetRef"]["name"]
            more = [] if name.startswith("thanos-") else ["Pods", "External", "Object"]
            assert [metric["type"] for metric in taken["spec"]["metrics"]] == ["Resource", *more]
            scaled.append(name)
    assert sorted(scaled) == asked.scaled
