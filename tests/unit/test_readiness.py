"""Why a workload is not ready: what the API server knows of quota, scheduling, images, volumes, probes and memory."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.operations.readiness.objects import LISTS as PATHS
from telemetry.operations.readiness.objects import Objects
from telemetry.operations.readiness.text import lines
from telemetry.operations.readiness.why import Log, Unready, unready
from telemetry.operations.repair import RepairError
from telemetry.operations.repair.pods import Pods
from telemetry.stack import file as stack_file
from tests.doubles import by_path, kubeconfig, refused
from tests.support import put
from tests.unit.test_commands import stack_config

QUOTA = 'pods "mimir-ingester-0" is forbidden: failed quota: ours: must specify limits.cpu for: ingester'
UNSCHEDULABLE = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."


def workload(kind: str = "StatefulSet", name: str = "mimir-ingester", **more: Any) -> dict[str, Any]:
    spec = {"replicas": 1, **more.pop("spec", {})}
    annotations = {"meta.helm.sh/release-name": "mimir"}
    metadata = {"name": name, "uid": f"uid-{name}", "generation": 1, "annotations": annotations}
    return {"kind": kind, "metadata": metadata, "spec": spec, "status": {"observedGeneration": 1, **more}}


def pod(owner: str = "mimir-ingester", name: str = "mimir-ingester-0", **status: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-{name}", "ownerReferences": [{"uid": f"uid-{owner}"}]}
    return {"kind": "Pod", "metadata": metadata, "spec": {}, "status": {"phase": "Pending", **status}}


def warning(kind: str, name: str, reason: str, message: str, at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    about = {"kind": kind, "name": name, "uid": f"uid-{name}"}
    return {"involvedObject": about, "reason": reason, "message": message, "lastTimestamp": at}


def found(*objects: dict[str, Any], events: tuple[dict[str, Any], ...] = ()) -> tuple[Unready, ...]:
    kinds = {each["kind"] for each in objects}
    return unready(Objects({kind: tuple(o for o in objects if o["kind"] == kind) for kind in kinds}, events))


def reasons(*objects: dict[str, Any], events: tuple[dict[str, Any], ...] = ()) -> tuple[str, ...]:
    (one,) = found(*objects, events=events)
    return one.reasons


def container(**more: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "ingester", "ready": False, **more}]}


def test_what_is_ready_is_not_named() -> None:
    ready: dict[str, Any] = {"readyReplicas": 1, "updatedReplicas": 1}
    assert found(workload(**ready), workload("Deployment", "mimir-querier", **ready)) == ()
    assert found(workload("DaemonSet", numberReady=3, updatedNumberScheduled=3, desiredNumberScheduled=3)) == ()
    assert found(workload("Job", succeeded=1), workload("Deployment", spec={"replicas": 0})) == ()


def test_an_old_pod_that_is_ready_makes_no_workload_ready() -> None:
    (one,) = found(workload(readyReplicas=1, updatedReplicas=0))
    assert str(one) == "StatefulSet mimir-ingester: 0 of 1 pods ready"
    by_hand = workload(readyReplicas=1, updatedReplicas=0, spec={"updateStrategy": {"type": "OnDelete"}})
    assert found(by_hand) == ()


def test_a_quota_is_quoted_from_the_events_of_what_makes_the_pods() -> None:
    event = warning("StatefulSet", "mimir-ingester", "FailedCreate", f"create Pod failed error: {QUOTA}")
    assert reasons(workload(), events=(event,)) == (f"FailedCreate: create Pod failed error: {QUOTA}",)


def test_a_quota_is_quoted_from_a_deployments_condition_when_its_events_are_gone() -> None:
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": QUOTA}
    assert reasons(workload("Deployment", conditions=[condition])) == (f"FailedCreate: {QUOTA}",)


def test_a_deployments_pods_are_found_through_its_replica_sets() -> None:
    replica_set = workload("ReplicaSet", "rs", readyReplicas=0)
    replica_set["metadata"]["ownerReferences"] = [{"uid": "uid-mimir-querier"}]
    failed = warning("ReplicaSet", "rs", "FailedCreate", QUOTA)
    deployment = workload("Deployment", "mimir-querier")
    waiting = container(state={"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image x:1"}})
    told = reasons(deployment, replica_set, pod("rs", "mimir-querier-x", **waiting), events=(failed,))
    assert told == (
        f"FailedCreate: {QUOTA}",
        "pod mimir-querier-x: container ingester: ImagePullBackOff: Back-off pulling image x:1",
    )


def test_a_pod_that_no_node_takes_says_so_once() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": UNSCHEDULABLE}
    event = warning("Pod", "mimir-ingester-0", "FailedScheduling", UNSCHEDULABLE)
    told = reasons(workload(), pod(conditions=[condition]), events=(event,))
    assert told == (f"pod mimir-ingester-0: Unschedulable: {UNSCHEDULABLE}",)


def test_a_container_that_was_killed_for_its_memory() -> None:
    crashed = container(
        state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
        lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}},
    )
    assert reasons(workload(), pod(phase="Running", **crashed)) == (
        "pod mimir-ingester-0: container ingester: CrashLoopBackOff: back-off 5m0s",
        "pod mimir-ingester-0: container ingester ended with OOMKilled (exit code 137)",
    )


def test_a_probe_that_fails() -> None:
    event = warning("Pod", "mimir-ingester-0", "Unhealthy", "Readiness probe failed: HTTP probe failed with 503")
    told = reasons(workload(), pod(phase="Running", **container(state={"running": {}})), events=(event,))
    assert told == (
        "pod mimir-ingester-0: container ingester runs, and its probe does not say that it is ready",
        "pod mimir-ingester-0: Unhealthy: Readiness probe failed: HTTP probe failed with 503",
    )


def test_a_volume_that_nobody_provides() -> None:
    waiting = pod()
    waiting["spec"] = {"volumes": [{"persistentVolumeClaim": {"claimName": "storage-0"}}]}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "storage-0", "uid": "uid-storage-0"},
        "status": {"phase": "Pending"},
    }
    event = warning("PersistentVolumeClaim", "storage-0", "ProvisioningFailed", 'storageclass "fast" not found')
    assert reasons(workload(), waiting, claim, events=(event,)) == (
        'pod mimir-ingester-0: volume claim storage-0 is Pending: ProvisioningFailed: storageclass "fast" not found',
    )


def test_a_pod_of_which_nothing_is_known_is_named_all_the_same() -> None:
    assert reasons(workload(), pod()) == ("pod mimir-ingester-0: Pending",)
    assert reasons(workload(), pod(phase="Failed", reason="Evicted", message="low on memory")) == (
        "pod mimir-ingester-0: Evicted: low on memory",
    )


def test_a_pod_of_the_template_before_that_never_became_ready_is_stuck() -> None:
    old, new = pod(), pod()
    old["metadata"]["labels"] = {"controller-revision-hash": "old"}
    new["metadata"]["labels"] = {"controller-revision-hash": "new"}
    (one,) = found(workload(updateRevision="new"), old)
    assert one.stuck == ("mimir-ingester-0",)
    assert "has to be deleted" in one.reasons[-1]
    assert found(workload(updateRevision="new"), new)[0].stuck == ()
    parallel = workload(updateRevision="new", spec={"podManagementPolicy": "Parallel"})
    assert found(parallel, old)[0].stuck == ()


def test_the_newest_warnings_are_told_each_once_and_none_at_length() -> None:
    moments = [f"2026-01-01T00:00:0{second}Z" for second in range(5)]
    events = [warning("Pod", "mimir-ingester-0", "Failed", f"{at[-2:]} {'x' * 999}", at) for at in moments]
    told = reasons(workload(), pod(), events=(*events, events[-1]))
    assert len(told) == 3
    assert all(len(line) < 500 for line in told)


def test_lines_name_release_and_what_may_not_be_seen() -> None:
    told = list(lines(found(workload()), hidden=["Pod", "Event"]))
    assert told == [
        "StatefulSet mimir-ingester: 0 of 1 pods ready (release mimir)",
        "    nothing is said of it; see its log",
        "There may be more: we may not see Event, Pod in this namespace.",
    ]


LISTS = {
    "/apis/apps/v1/namespaces/ca7f8f-dev/statefulsets": {"items": [workload(), workload(name="of-others")]},
    "/api/v1/namespaces/ca7f8f-dev/events": {
        "items": [warning("StatefulSet", "mimir-ingester", "FailedCreate", QUOTA)]
    },
}


@pytest.fixture
def stack_at(tmp_path: Path) -> Any:
    def stack_at(server: str) -> str:
        (tmp_path / "kubeconfig").write_text(kubeconfig(server, "ca7f8f-dev", "kt0-fake"))
        at = put("kubernetes.kubeconfig", str(tmp_path / "kubeconfig"))
        return str(stack_config(tmp_path / "Pulumi.dev.yaml", "dev", at))

    return stack_at


def test_explain_quotes_the_cluster_and_names_only_what_is_ours(stack_at: Any) -> None:
    others = {**LISTS["/apis/apps/v1/namespaces/ca7f8f-dev/statefulsets"]["items"][1]}
    others["metadata"] = {**others["metadata"], "annotations": {"meta.helm.sh/release-name": "postgres"}}
    lists = {**LISTS, "/apis/apps/v1/namespaces/ca7f8f-dev/statefulsets": {"items": [workload(), others]}}
    with by_path(lists) as server:
        done = CliRunner().invoke(app, ["explain", "dev", "--config-file", stack_at(server)], env={"COLUMNS": "200"})
    assert done.exit_code == 1, done.output
    assert f"FailedCreate: {QUOTA}" in done.output
    assert "of-others" not in done.output
    assert "we may not see DaemonSet, Deployment" in done.output


@pytest.mark.parametrize(
    ("state", "before"),
    [
        ({"state": {"running": {}}}, False),
        ({"state": {"terminated": {"exitCode": 1}}}, False),
        ({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1}}}, True),
        ({"state": {"waiting": {"reason": "ImagePullBackOff"}}}, None),
    ],
)
def test_logs_are_those_of_containers_that_have_run(state: dict[str, Any], before: bool | None) -> None:
    pods = [pod(name=f"mimir-ingester-{index}", **container(**state)) for index in range(2)]
    (one,) = found(workload(), *pods)
    assert one.logs == (() if before is None else (Log("mimir-ingester-1", "ingester", before),))


def test_explain_shows_the_end_of_a_log_without_what_looks_like_a_secret(stack_at: Any) -> None:
    lists = {
        "/apis/apps/v1/namespaces/ca7f8f-dev/statefulsets": {"items": [workload()]},
        "/api/v1/namespaces/ca7f8f-dev/pods": {"items": [pod(**container(state={"running": {}}))]},
        "/api/v1/namespaces/ca7f8f-dev/pods/mimir-ingester-0/log": "no bucket; Authorization: Bearer abcdefgh12345678",
    }
    with by_path(lists) as server:
        done = CliRunner().invoke(app, ["explain", "dev", "--config-file", stack_at(server)], env={"COLUMNS": "200"})
    assert "pod mimir-ingester-0: container ingester has written last:" in done.output
    assert '| "no bucket' in done.output
    assert "abcdefgh12345678" not in done.output


READY = workload(readyReplicas=1, updatedReplicas=1)
SEEN: dict[str, Any] = {path.format("ca7f8f-dev"): {"items": []} for path in PATHS.values()}
STATEFUL_SETS = "/apis/apps/v1/namespaces/ca7f8f-dev/statefulsets"


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({STATEFUL_SETS: {"items": [READY]}}, 0, "dev: 1 of 1 workloads ready in ca7f8f-dev"),
        ({}, 1, "dev: it has no workloads in ca7f8f-dev"),
        ({STATEFUL_SETS: 403}, 1, "cannot be seen: you may not list StatefulSet in ca7f8f-dev"),
        (dict.fromkeys(SEEN, 401), 1, "refused (401)"),
    ],
)
def test_explain_says_that_all_is_well_only_where_it_has_seen_it(
    stack_at: Any, changed: dict[str, Any], code: int, said: str
) -> None:
    with by_path({**SEEN, **changed}) as server:
        done = CliRunner().invoke(app, ["explain", "dev", "--config-file", stack_at(server)], env={"COLUMNS": "200"})
    assert (done.exit_code, said in done.output) == (code, True), done.output


def test_explain_says_that_nobody_answers(stack_at: Any) -> None:
    done = CliRunner().invoke(app, ["explain", "dev", "--config-file", stack_at(refused())])
    assert done.exit_code == 1
    assert "does not answer" in done.output


def test_a_repair_does_not_take_what_it_may_not_see_for_ready(stack_at: Any) -> None:
    with by_path({**SEEN, STATEFUL_SETS: 403}) as server:
        pods = Pods(stack_file.load("dev", Path(stack_at(server))))
        with pytest.raises(RepairError, match="you may not list StatefulSet in ca7f8f-dev"):
            pods.unready()
