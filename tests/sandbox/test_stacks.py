"""All three stacks in one world: each is deployed, changed and removed without touching the others."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from kubernetes import client
from kubernetes.utils.quantity import parse_quantity

from sandbox.mimir_ring import deployed_in, ring
from telemetry.clients import otlp
from tests.sandbox.deployment import Deployment
from tests.sandbox.snapshot import changes, take

pytestmark = pytest.mark.sandbox

RELEASES = {
    "dev": {"mimir", "tempo"},
    "test": {"mimir", "tempo"},
    "prod": {"mimir", "tempo-distributed"},
}
PODS = {"dev": 12, "test": 12, "prod": 33}
REPLICATED = ("distributor", "ingester", "querier", "query-frontend", "metrics-generator", "store-gateway")
SCALED = ("mimir-querier", "tempo-distributed-querier")


def scale(config: dict[str, Any]) -> None:
    """Give both queriers an autoscaler."""
    for signal in ("traces", "metrics"):
        roles = config[f"telemetry:{signal}"]["roles"]
        roles["querier"] = {"cpu": "100m", "memory": "512Mi", "autoscaling": {"max_replicas": 4}}


@dataclass(frozen=True)
class Scaled:
    """What was seen of prod while it had autoscalers."""

    bounds: dict[str, tuple[int, int]]
    """The fewest and the most replicas by the autoscaler's name."""
    changes: dict[str, str]
    """What the next `up` would have done to replicas that an autoscaler has chosen."""


@pytest.fixture(scope="module")
def scaled(dev: Deployment, test: Deployment, prod: Deployment) -> Scaled:
    """The three stacks, deployed in the order of the rollout (R1), prod with autoscalers at first."""
    dev.up()
    test.up()
    with prod.edited(scale):
        prod.up()
        found = autoscalers(prod)
        apps = client.AppsV1Api(prod.core.api_client)
        for name in SCALED:  # what an autoscaler does under load, and no `up` may undo
            apps.patch_namespaced_deployment_scale(name, prod.namespace, {"spec": {"replicas": 3}})
        return Scaled(found, prod.changes("--refresh"))


def autoscalers(stack: Deployment) -> dict[str, tuple[int, int]]:
    listed = client.AutoscalingV2Api(stack.core.api_client).list_namespaced_horizontal_pod_autoscaler(stack.namespace)
    return {each.metadata.name: (each.spec.min_replicas, each.spec.max_replicas) for each in listed.items}


@pytest.fixture(scope="module")
def stacks(dev: Deployment, test: Deployment, prod: Deployment, scaled: Scaled) -> dict[str, Deployment]:  # noqa: ARG001 - before
    """The three stacks as their files have them."""
    prod.up()
    return {"dev": dev, "test": test, "prod": prod}


def test_all_three_are_there_side_by_side(stacks: dict[str, Deployment]) -> None:
    for name, stack in stacks.items():
        assert stack.releases() == dict.fromkeys(RELEASES[name], "deployed")
        pods = stack.pods()
        assert len(pods) == PODS[name]
        assert all(pods.values())
        own = [f"-{name}"] if name == "dev" else [f"-{name}-platform", f"-{name}_all"]
        assert stack.datasources().keys() == {f"{backend}{each}" for backend in ("mimir", "tempo") for each in own}


@pytest.mark.parametrize("name", RELEASES)
def test_the_cluster_counts_what_the_output_says(stacks: dict[str, Deployment], name: str) -> None:
    stack = stacks[name]
    capacity = stack.engine.json("stack output --json", name)["capacity"]
    used = stack.core.read_namespaced_resource_quota("telemetry", stack.namespace).status.used
    asked = {f"requests.{resource}": capacity[resource] for resource in ("cpu", "memory", "storage")}
    assert {key: _exact(value) for key, value in used.items()} == {key: _exact(value) for key, value in asked.items()}
    assert capacity["pods"] == PODS[name]


@pytest.mark.parametrize("name", RELEASES)
def test_no_pod_that_runs_has_a_token_or_writes_to_its_image(stacks: dict[str, Deployment], name: str) -> None:
    stack = stacks[name]
    labels = stack.core.read_namespace(stack.namespace).metadata.labels
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in stack.core.list_namespaced_pod(stack.namespace).items:
        projected = [source for volume in pod.spec.volumes if volume.projected for source in volume.projected.sources]
        assert not [source for source in projected if source.service_account_token], pod.metadata.name
        assert all(each.security_context.read_only_root_filesystem for each in pod.spec.containers)


def test_prods_replicas_are_on_different_nodes(stacks: dict[str, Deployment]) -> None:
    where: dict[tuple[str, str], Counter[str]] = {}
    for pod in stacks["prod"].core.list_namespaced_pod(stacks["prod"].namespace).items:
        labels = pod.metadata.labels
        role = (labels["app.kubernetes.io/instance"], labels.get("app.kubernetes.io/component", "all"))
        where.setdefault(role, Counter())[pod.spec.node_name] += 1
    crowded = {role: nodes for role, nodes in where.items() if role[1] in REPLICATED and max(nodes.values()) > 1}
    assert crowded == {}


def test_one_ingester_at_a_time_may_be_disrupted(stacks: dict[str, Deployment]) -> None:
    prod = stacks["prod"]
    budgets = client.PolicyV1Api(prod.core.api_client).list_namespaced_pod_disruption_budget(prod.namespace).items
    ingesters = {each.metadata.name: each.status for each in budgets if each.metadata.name.endswith("-ingester")}
    assert ingesters.keys() == {"mimir-ingester", "tempo-distributed-ingester"}
    for status in ingesters.values():
        assert (status.expected_pods, status.desired_healthy, status.disruptions_allowed) == (3, 2, 1)


def test_prods_mimir_takes_and_keeps_metrics_with_one_of_three_ingesters_lost(
    stacks: dict[str, Deployment], tmp_path: Path
) -> None:
    prod, value = stacks["prod"], int(time.time())
    prod.engine.toolchain.ensure(["mimir"])
    deployed = deployed_in(prod.namespace, "dts-metrics-prod-blocks", prod.connections)
    with ring(deployed, 3, tmp_path, prod.engine.toolchain.path("mimir")) as members:
        members[1].lose()
        with httpx.Client(base_url=members[0].url, headers={"X-Scope-OrgID": "platform"}, timeout=30) as mimir:
            sample = otlp.otlp_metric(value, "otlp")
            mimir.post("/otlp/v1/metrics", content=sample, headers=otlp.PROTOBUF).raise_for_status()
            asked = mimir.get("/prometheus/api/v1/query", params={"query": otlp.METRIC}).raise_for_status()
    (found,) = asked.json()["data"]["result"]
    assert int(found["value"][1]) == value
    # Both that are left flush what they hold when they end.
    blocks = prod.s3.list_objects_v2(Bucket=deployed.bucket, Prefix="platform/")["Contents"]
    assert any(each["Key"].endswith("/meta.json") for each in blocks)
    for each in blocks:
        prod.s3.delete_object(Bucket=deployed.bucket, Key=each["Key"])


def objects(stack: Deployment, kind: str, namespace: str) -> dict[str, Any]:
    """Return the specs of objects of a Prometheus operator by name."""
    api = client.CustomObjectsApi(stack.core.api_client)
    listed = api.list_namespaced_custom_object("monitoring.coreos.com", "v1", namespace, kind)
    return {each["metadata"]["name"]: each["spec"] for each in listed["items"]}


def scraped(stack: Deployment, namespace: str | None = None) -> Counter[str]:
    """Return how often each pod is scraped: by the objects that an operator reads, at a port that it has."""
    found: Counter[str] = Counter()
    place = namespace or stack.namespace
    for spec in objects(stack, "podmonitors", place).values():
        (endpoint,) = spec["podMetricsEndpoints"]
        (keep,) = endpoint["relabelings"]
        selector = ",".join(
            [*(f"{key}={value}" for key, value in spec["selector"]["matchLabels"].items()),
             *(f"{term['key']} {term['operator'].lower()} ({','.join(term['values'])})"
               for term in spec["selector"].get("matchExpressions", ()))]
        )  # fmt: skip
        for pod in stack.core.list_namespaced_pod(place, label_selector=selector).items:
            ports = [port.container_port for each in pod.spec.containers for port in each.ports or ()]
            found[pod.metadata.name] += ports.count(int(keep["regex"]))
    return found


@pytest.mark.parametrize("name", ["test", "prod"])
def test_every_pod_is_scraped_once_and_the_checklist_sees_it(stacks: dict[str, Deployment], name: str) -> None:
    stack = stacks[name]
    assert scraped(stack) == dict.fromkeys(stack.pods(), 1)
    told = json.loads(stack.answer("checklist", "--json").stdout)["items"]
    states = {each["item"].split()[0]: (each["state"], each["detail"]) for each in told}
    assert states["Prometheus"][0] == states["Alerts"][0] == states["Component"][0] == "done"
    mimir, tempo = (sum(pod.startswith(of) for pod in stack.pods()) for of in ("mimir-", "tempo-"))
    assert f"{mimir} pods of Mimir, {tempo} pods of Tempo" in states["Prometheus"][1]


@pytest.fixture
def others(stacks: dict[str, Deployment]) -> Iterator[str]:
    """A namespace in which somebody else runs a Loki, a SeaweedFS and something besides."""
    core, name = stacks["dev"].core, "others"
    core.create_namespace({"metadata": {"name": name}})
    for app, port in (("loki", 3100), ("seaweedfs", 9327), ("else", 3100)):
        container = {"name": app, "image": app, "ports": [{"containerPort": port}, {"containerPort": 80}]}
        pod = {"metadata": {"name": app, "labels": {"app": app}}, "spec": {"containers": [container]}}
        core.create_namespaced_pod(name, pod)
    yield name
    core.delete_namespace(name)


def test_what_others_run_is_scraped_in_their_namespace_and_all_of_it_ends_with_the_settings(
    stacks: dict[str, Deployment], others: str
) -> None:
    def scrape(config: dict[str, Any]) -> None:
        store = {"namespace": others, "pods": {"app": "seaweedfs"}, "port": 9327}
        watched = {"scrape": "operator", "rules": "prometheus-rule", "exporters": ["seaweedfs"], "object_store": store}
        config["telemetry:monitoring"] = watched
        config["telemetry:existing"] = {"logs": {"namespace": others, "pods": {"app": "loki"}, "port": 3100}}

    dev = stacks["dev"]
    with dev.edited(scrape):
        dev.up()
        nginx = next(pod for pod in dev.pods() if pod.startswith("mimir-gateway-"))  # the chart's, without metrics
        assert scraped(dev) == dict.fromkeys(dev.pods().keys() - {nginx}, 1)
        assert scraped(dev, others) == {"loki": 1, "seaweedfs": 1}
        theirs = {"telemetry-loki-dev", "telemetry-slo-loki-dev", "telemetry-object-store-dev"}
        assert objects(dev, "prometheusrules", others).keys() == theirs
    assert set(dev.changed_by_up().values()) == {"delete"}
    for kind in ("podmonitors", "prometheusrules"):
        assert [objects(dev, kind, namespace) for namespace in (dev.namespace, others)] == [{}, {}]


def test_autoscalers_have_the_replicas_and_give_them_back(scaled: Scaled, stacks: dict[str, Deployment]) -> None:
    assert scaled == Scaled(dict.fromkeys(SCALED, (2, 4)), {})
    prod = stacks["prod"]
    assert autoscalers(prod) == {}
    apps = client.AppsV1Api(prod.core.api_client)
    assert {apps.read_namespaced_deployment(name, prod.namespace).spec.replicas for name in SCALED} == {2}


def test_one_stack_goes_and_leaves_its_protected_buckets_with_their_data(stacks: dict[str, Deployment]) -> None:
    test = stacks["test"]
    assert test.changes("--refresh") == {}, "what was deployed is not what is wanted"
    others = [stacks[name] for name in ("dev", "prod")]
    before = [(take(each), each.pods().keys()) for each in others]
    buckets = test.buckets()
    test.s3.put_object(Bucket="dts-traces-test-blocks", Key="kept", Body=b"block")
    test.destroy()
    assert not test.releases()
    assert not test.datasources()
    assert test.buckets() == buckets, "protected buckets were deleted"
    assert test.s3.get_object(Bucket="dts-traces-test-blocks", Key="kept")["Body"].read() == b"block"
    for stack, (things, pods) in zip(others, before, strict=True):
        assert changes(things, take(stack)) == {}
        assert stack.pods().keys() == pods


def _exact(quantity: str) -> object:
    return parse_quantity(quantity)
