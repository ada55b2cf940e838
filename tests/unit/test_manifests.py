"""Rendered objects are counted as the scheduler and a ResourceQuota count them."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetry.capacity.footprint import Footprint
from telemetry.capacity.pod_requests import UncountableError, footprint, of_pod

MI, GI = 1 << 20, 1 << 30
Spec = dict[str, Any]


def container(cpu: Any = None, memory: Any = None, **more: Any) -> Spec:
    requests = {name: amount for name, amount in (("cpu", cpu), ("memory", memory)) if amount is not None}
    return {"name": "c", "resources": {"requests": requests}, **more}


def pod(*containers: Spec, **more: Any) -> Spec:
    return {"containers": list(containers or (container("100m", "64Mi"),)), **more}


def workload(kind: str, pod_spec: Spec | None = None, **spec: Any) -> Spec:
    return {"kind": kind, "metadata": {"name": "it"}, "spec": {"template": {"spec": pod_spec or pod()}, **spec}}


def claim(size: Any) -> Spec:
    return {"spec": {"resources": {"requests": {"storage": size}}}}


def scaler(kind: str = "Deployment", name: str = "it", **bounds: Any) -> Spec:
    target = {"kind": kind, "name": name}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": {"scaleTargetRef": target, **bounds}}


ONE = Footprint(cpu=100, memory=64 * MI, pods=1)


@pytest.mark.parametrize(
    ("written", "millicores"),
    [
        (1, 1000), ("1", 1000), (0.1, 100), ("100m", 100), ("0.5", 500), ("1500u", 2), ("1n", 1),
        ("1k", 1_000_000), ("1e1", 10_000), ("1E1", 10_000), ("0", 0),
    ],
)  # fmt: skip
def test_cpu_is_read_in_every_form_and_rounded_up(written: Any, millicores: int) -> None:
    assert of_pod(pod(container(cpu=written))).cpu == millicores


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (1024, 1024), ("64Mi", 64 * MI), ("1.5Gi", 3 * GI // 2), ("100M", 10**8), ("1G", 10**9), ("1Ti", 1 << 40),
        ("1Pi", 1 << 50), ("1Ei", 1 << 60), ("2E", 2 * 10**18), ("128e6", 128 * 10**6), ("11.3Gi", 12133282612),
        ("1500m", 2),
    ],
)  # fmt: skip
def test_memory_is_read_in_every_form_and_rounded_up(written: Any, size: int) -> None:
    assert of_pod(pod(container(memory=written))).memory == size


@pytest.mark.parametrize("written", ["lots", "1GiB", "1ki", ""])
def test_what_is_no_quantity_is_named(written: str) -> None:
    with pytest.raises(UncountableError, match=r"^Deployment it: "):
        footprint([workload("Deployment", pod(container(memory=written)))])


def test_fractions_are_rounded_once_a_pod_and_not_once_a_container() -> None:
    assert of_pod(pod(container("500u"), container("500u"))).cpu == 1


def test_all_containers_of_a_pod_count() -> None:
    spec = pod(container("100m", "64Mi"), container("50m", "32Mi"), {"name": "asks for nothing"})
    assert of_pod(spec) == Footprint(cpu=150, memory=96 * MI, pods=1)


def test_a_request_that_is_left_out_is_the_limit() -> None:
    spec = {"resources": {"requests": {"cpu": "10m"}, "limits": {"cpu": "1", "memory": "1Gi"}}}
    assert of_pod(pod(spec)) == Footprint(cpu=10, memory=GI, pods=1)


def test_an_init_container_counts_only_where_it_asks_for_more_than_all_the_rest() -> None:
    init = [container("250m", "8Mi"), container("10m", "96Mi")]
    spec = pod(container("100m", "64Mi"), container("100m", "64Mi"), initContainers=init)
    assert of_pod(spec) == Footprint(cpu=250, memory=128 * MI, pods=1)


def test_a_sidecar_runs_beside_the_containers_and_the_init_containers_after_it() -> None:
    sidecar = container("50m", "1Mi", restartPolicy="Always")
    first = pod(container("100m"), initContainers=[sidecar, container("200m")])
    last = pod(container("100m"), initContainers=[container("200m"), sidecar])
    assert of_pod(first).cpu == 250
    assert of_pod(last).cpu == 200
    assert of_pod(pod(container("180m"), initContainers=[container("200m"), sidecar])).cpu == 230


def test_a_pods_own_requests_take_the_place_of_its_containers() -> None:
    spec = pod(container("100m", "64Mi"), resources={"requests": {"cpu": "300m"}, "limits": {"memory": "1Gi"}})
    assert of_pod(spec) == Footprint(cpu=300, memory=64 * MI, pods=1)
    assert of_pod(pod(container("100m"), resources={"limits": {"memory": "1Gi"}})).memory == GI


def test_a_runtimes_overhead_counts() -> None:
    assert of_pod(pod(overhead={"cpu": "10m", "memory": "1Mi"})) == Footprint(cpu=110, memory=65 * MI, pods=1)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"])
@pytest.mark.parametrize(
    ("spec", "replicas"), [({"replicas": 3}, 3), ({"replicas": 0}, 0), ({}, 1), ({"replicas": None}, 1)]
)
def test_a_pod_counts_as_often_as_there_are_replicas(kind: str, spec: Spec, replicas: int) -> None:
    assert footprint([workload(kind, **spec)]) == replicas * ONE


def test_each_replica_has_its_own_volume_claims() -> None:
    stateful = workload("StatefulSet", replicas=3, volumeClaimTemplates=[claim("2Gi"), claim("512Mi")])
    assert footprint([stateful]).storage == 3 * (2 * GI + 512 * MI)


def test_a_claim_of_its_own_and_one_that_lives_with_the_pod_count() -> None:
    alone = {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, **claim("5Gi")}
    scratch = pod(
        volumes=[{"name": "a", "ephemeral": {"volumeClaimTemplate": claim("1Gi")}}, {"name": "b", "emptyDir": {}}]
    )
    assert footprint([alone]) == Footprint(storage=5 * GI)
    assert footprint([alone, workload("Deployment", scratch, replicas=2)]).storage == 7 * GI


@pytest.mark.parametrize(
    ("replicas", "bounds", "fewest", "most"),
    [
        (None, {"minReplicas": 2, "maxReplicas": 10}, 2, 10),
        (5, {"minReplicas": 2, "maxReplicas": 10}, 2, 10),
        (None, {"maxReplicas": 4}, 1, 4),  # Kubernetes' own minimum
        (0, {"minReplicas": 2, "maxReplicas": 10}, 0, 0),  # a scale of 0 switches the autoscaler off
    ],
)
def test_an_autoscaler_has_the_say(replicas: int | None, bounds: Spec, fewest: int, most: int) -> None:
    objects = [workload("Deployment", replicas=replicas), scaler(**bounds)]
    assert footprint(objects) == fewest * ONE
    assert footprint(reversed(objects), at_most=True) == most * ONE


def test_an_autoscaler_has_no_say_in_what_it_does_not_target() -> None:
    for other in (
        scaler(name="other", maxReplicas=9, minReplicas=9),
        scaler("StatefulSet", maxReplicas=9, minReplicas=9),
    ):
        assert footprint([workload("Deployment", replicas=2), other], at_most=True) == 2 * ONE


@pytest.mark.parametrize(
    ("spec", "pods"),
    [({}, 1), ({"parallelism": 3}, 3), ({"parallelism": 3, "completions": 2}, 2), ({"completions": 5}, 1),
     ({"suspend": True}, 0), ({"parallelism": 0}, 0)],
)  # fmt: skip
def test_a_job_counts_while_it_runs(spec: Spec, pods: int) -> None:
    job = workload("Job", **spec)
    assert footprint([job]) == pods * ONE
    cron: Spec = {"kind": "CronJob", "metadata": {"name": "it"}, "spec": {"jobTemplate": {"spec": job["spec"]}}}
    assert footprint([cron]) == pods * ONE
    cron["spec"]["suspend"] = True
    assert footprint([cron]) == Footprint()


def test_a_daemon_set_counts_once_a_node_and_not_without_their_number() -> None:
    daemons = workload("DaemonSet")
    assert footprint([daemons], nodes=4) == 4 * ONE
    with pytest.raises(UncountableError, match="DaemonSet it: runs on every node"):
        footprint([daemons])


@pytest.mark.parametrize(
    ("hooks", "counts"),
    [("test", False), ("test-success", False), ("pre-delete, post-delete", False), ("post-rollback", False),
     ("pre-install", True), ("test, post-upgrade", True)],
)  # fmt: skip
def test_a_hook_counts_if_it_runs_in_an_installation_or_upgrade(hooks: str, counts: bool) -> None:
    job = workload("Job")
    job["metadata"]["annotations"] = {"helm.sh/hook": hooks}
    assert footprint([job]) == (ONE if counts else Footprint())


def test_a_bare_pod_and_a_list_count() -> None:
    bare = {"kind": "Pod", "metadata": {"name": "it"}, "spec": pod()}
    listed = {
        "kind": "List",
        "items": [bare, workload("Deployment", replicas=2), {"kind": "ConfigMapList", "items": []}],
    }
    assert footprint([listed]) == 3 * ONE


def test_what_has_no_pods_is_nothing() -> None:
    objects = [None, {}, {"kind": "Service", "metadata": {"name": "it"}, "spec": {"ports": []}}, {"kind": "ConfigMap"}]
    assert footprint(objects) == Footprint()
    assert footprint([{"kind": "Certificate", "metadata": {"name": "it"}, "spec": {"template": "text"}}]) == Footprint()


def test_pods_of_an_unknown_kind_are_refused_and_not_overlooked() -> None:
    with pytest.raises(UncountableError, match=r"^Rollout it: has pods"):
        footprint([workload("Rollout")])


def test_an_object_that_lacks_what_every_one_has_is_named() -> None:
    with pytest.raises(UncountableError, match=r"^CronJob it: lacks 'jobTemplate'"):
        footprint([{"kind": "CronJob", "metadata": {"name": "it"}, "spec": {}}])


specs = st.builds(
    lambda kind, replicas, cpu, memory, size: workload(
        kind,
        pod(container(f"{cpu}m", f"{memory}Mi")),
        replicas=replicas,
        volumeClaimTemplates=[claim(f"{size}Mi")] if kind == "StatefulSet" else [],
    ),
    st.sampled_from(["Deployment", "StatefulSet"]), st.integers(0, 9), st.integers(0, 4000), st.integers(0, 4096),
    st.integers(1, 4096),
)  # fmt: skip


@given(st.lists(specs, max_size=6), st.randoms())
def test_objects_add_up_in_any_order_and_through_yaml(objects: list[Spec], random: object) -> None:
    total = sum((footprint([each]) for each in objects), Footprint())
    shuffled = list(objects)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert footprint(shuffled) == footprint(yaml.safe_load_all(yaml.safe_dump_all(objects))) == total
