"""What holds for all stand-in charts: they ask for what the settings say, and a strict cluster takes their pods."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kubernetes import client, config, utils

from sandbox.world import Connections
from telemetry.backends.mimir.values import SERVICE_ACCOUNT
from telemetry.capacity.footprint import of_stack
from telemetry.capacity.pod_requests import footprint
from telemetry.collector.release import collector_release
from telemetry.config.quantities import parse_bytes
from telemetry.config.roles import Role
from telemetry.gateway import workload
from telemetry.gateway.addresses import SERVICE as GATEWAY
from telemetry.operations.compare.charts import of_gateway
from telemetry.operations.report.retention import kept
from telemetry.stack import Stack
from tests.sandbox.charts import RELEASES, Object, charts_of, containers, render, values_of, workloads
from tests.sandbox.guarded import COLLECTOR
from tests.support import (
    ENVIRONMENTS,
    WITH_LOGS,
    WITH_LOGS_IN_PROD,
    WITH_PROFILES,
    WITH_PROFILES_IN_PROD,
    WITH_THANOS_IN_PROD,
    Change,
    all_of,
    load_stack,
    put,
)
from tests.unit.test_existing_secrets import RENAMED, s3

pytestmark = pytest.mark.sandbox

STRICT = "strict"

BACKENDS: dict[str, tuple[str, Change]] = {
    **{each: (each, WITH_LOGS_IN_PROD if each == "prod" else WITH_LOGS) for each in ENVIRONMENTS},
    "prod with Thanos": ("prod", WITH_THANOS_IN_PROD),
}
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
each_backend = pytest.mark.parametrize("backends", BACKENDS)


def stack_of(backends: str, *changes: Change) -> Stack:
    """Return a stack with all backends, or another one of a signal."""
    environment, change = BACKENDS[backends]
    return load_stack(environment, change, *changes)


def rendered(stack: Stack) -> dict[str, list[Object]]:
    """Return the objects of a stack's releases by chart."""
    return {chart: render(chart, values_of(chart, stack)) for chart in charts_of(stack)}


def everything(stack: Stack) -> list[Object]:
    """Return the objects of all releases and the gateway's Deployment."""
    objects = [item for chart in rendered(stack).values() for item in chart]
    if stack.gateway is None or stack.gateway_role is None:
        return objects
    spec = workload.deployment(stack, stack.gateway, stack.gateway_role, watch="")
    return [*objects, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": GATEWAY}, "spec": spec}]


@each_backend
def test_the_charts_ask_for_exactly_what_the_settings_say(backends: str) -> None:
    stack = stack_of(backends)
    objects = [item for chart in rendered(stack).values() for item in chart]
    asked = sum((each.asked for each in of_gateway(stack)), footprint(objects))
    assert asked == of_stack(stack)


@each_environment
def test_limits_are_the_settings_memory_limits_and_nothing_else(environment: str) -> None:
    stack = stack_of(environment)
    single = stack.traces.topology == "monolithic"
    traces = {"tempo": stack.traces.roles["all"]} if single else stack.traces.roles
    assert stack.logs is not None
    # The chart of a single Loki calls its container after itself.
    logs = {"loki" if name == "all" else name: role for name, role in stack.logs.roles.items()}
    for roles, objects in zip(
        (traces, stack.backend("metrics").sizes[0].roles, logs), rendered(stack).values(), strict=True
    ):
        limits = {name: container["resources"].get("limits", {}) for name, container in containers(objects).items()}
        assert limits.keys() == roles.keys()
        assert {name: in_bytes(limit) for name, limit in limits.items() if limit} == limited(roles)


def limited(roles: Mapping[str, Role]) -> dict[str, dict[str, int]]:
    return {name: {"memory": role.memory_limit} for name, role in roles.items() if role.memory_limit}


def in_bytes(limit: dict[str, str]) -> dict[str, int]:
    return {resource: parse_bytes(amount) for resource, amount in limit.items()}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_keys_of_other_names_reach_the_containers_that_read_the_usual_ones(environment: str) -> None:
    more = WITH_PROFILES_IN_PROD if environment == "prod" else WITH_PROFILES
    usual, named = (stack_of(environment, more, change) for change in (all_of(), s3(RENAMED)))
    for (chart, before), after in zip(rendered(usual).items(), rendered(named).values(), strict=True):
        readers = {name for name, each in containers(before).items() if each.get("envFrom")}
        variables = {name: dict(_of_secret(each)) for name, each in containers(after).items()}
        pair = {"AWS_ACCESS_KEY_ID": ("ours", "id"), "AWS_SECRET_ACCESS_KEY": ("ours", "secret")}
        assert {name: found for name, found in variables.items() if found} == dict.fromkeys(readers, pair), chart
        assert readers, chart
        assert not any(each.get("envFrom") for each in containers(after).values())


def _of_secret(container: Object) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the variables of a container that come from a Secret, with its name and key."""
    for each in container.get("env", ()):
        if source := each.get("valueFrom", {}).get("secretKeyRef"):
            yield each["name"], (source["name"], source["key"])


@pytest.mark.parametrize("platform", ["openshift", "kubernetes"])
@each_backend
def test_every_container_of_every_pod_is_restricted_and_writes_to_volumes_alone(backends: str, platform: str) -> None:
    found = list(workloads(everything(stack_of(backends, put("kubernetes.platform", platform)))))
    assert (GATEWAY in {each["metadata"]["name"] for each in found}) is (backends != "dev")
    for item in found:
        pod = item["spec"]["template"]["spec"]
        assert not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
        assert not [volume for volume in pod.get("volumes") or () if "hostPath" in volume]
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            own = container["securityContext"]
            both = {**(pod.get("securityContext") or {}), **own}
            assert own["readOnlyRootFilesystem"] is True, container["name"]
            assert own["allowPrivilegeEscalation"] is False
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert (both["runAsNonRoot"], both["seccompProfile"]) == (True, {"type": "RuntimeDefault"})


@each_backend
def test_no_pod_is_given_a_token(backends: str) -> None:
    objects = everything(stack_of(backends))
    accounts = {each["metadata"]["name"]: each for each in objects if each["kind"] == "ServiceAccount"}
    # The program's own, of which tests/engine/test_components.py says the same.
    accounts[SERVICE_ACCOUNT] = {"automountServiceAccountToken": False}
    for item in workloads(objects):
        pod = item["spec"]["template"]["spec"]
        account = accounts.get(pod.get("serviceAccountName", "default"), {})
        mounts = pod.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True))
        assert mounts is False, item["metadata"]["name"]
    assert not [each["kind"] for each in objects if each["kind"] in ("Role", "RoleBinding", "ClusterRoleBinding")]


@pytest.fixture(scope="module")
def strict(world: Connections) -> Iterator[client.ApiClient]:
    """A cluster with a namespace that enforces PodSecurity `restricted`."""
    api = config.new_client_from_config(str(world.kubeconfig), world.context)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    client.CoreV1Api(api).create_namespace({"metadata": {"name": STRICT, "labels": labels}})
    yield api
    client.CoreV1Api(api).delete_namespace(STRICT)


@pytest.mark.parametrize("platform", ["openshift", "kubernetes"])
@each_backend
def test_a_strict_cluster_takes_every_object_and_every_pod(
    strict: client.ApiClient, backends: str, platform: str
) -> None:
    objects = everything(stack_of(backends, put("kubernetes.platform", platform)))
    for item in objects + [pod_of(each) for each in workloads(objects)]:
        item["metadata"]["namespace"] = STRICT
        utils.create_from_dict(strict, item, namespace=STRICT, dry_run="All", field_validation="Strict")


@pytest.mark.parametrize("platform", ["openshift", "kubernetes"])
def test_a_strict_cluster_takes_the_collector(strict: client.ApiClient, platform: str) -> None:
    room = put("namespace.quota", {"cpu": "16", "memory": "64Gi", "storage": "96Gi"})
    stack = load_stack("prod", COLLECTOR, room, put("kubernetes.platform", platform))
    wanted = collector_release(stack)
    assert wanted is not None
    objects = render("alloy", wanted.values, wanted.name)
    assert {"DaemonSet", "Role", "RoleBinding", "Service", "ServiceAccount"} == {each["kind"] for each in objects}
    for item in objects + [pod_of(each) for each in workloads(objects)]:
        item["metadata"]["namespace"] = STRICT
        utils.create_from_dict(strict, item, namespace=STRICT, dry_run="All", field_validation="Strict")


def pod_of(workload: Object) -> dict[str, Any]:
    """Return a pod of a workload; its account is the namespace's own, because a dry run makes no other."""
    template = workload["spec"]["template"]
    spec = {key: value for key, value in template["spec"].items() if key != "serviceAccountName"}
    # The claims of a StatefulSet are bound to its pods by the controller.
    claimed = [claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])]
    volumes = [{"name": name, "emptyDir": {}} for name in claimed] + (spec.get("volumes") or [])
    name = workload["metadata"]["name"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**spec, "volumes": volumes}}


@each_environment
def test_what_is_kept_for_how_long_is_read_from_what_the_charts_make_of_it(environment: str) -> None:
    profiles = WITH_PROFILES_IN_PROD if environment == "prod" else WITH_PROFILES
    own = {signal: f"{40 + days}d" for days, signal in enumerate(("traces", "metrics", "logs", "profiles"))}
    tenant = put("tenants", [{"id": "payments", "display_name": "Payments", "retention": own}])
    stack = stack_of(environment, profiles, tenant)
    found = kept({RELEASES[chart]: objects for chart, objects in rendered(stack).items()})
    single = stack.traces.topology == "monolithic"  # whose overrides are the program's own ConfigMap
    assert found.keys() == own.keys()
    for signal, its in found.items():
        days = list(own).index(signal)
        assert its.default == getattr(stack, signal).retention
        assert its.of("payments") == (its.default if single and signal == "traces" else (40 + days) * 86_400)
