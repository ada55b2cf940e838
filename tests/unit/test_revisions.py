"""What a failed revision has added, of which Helm knows nothing at the next upgrade."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.clients.cli_tools import Revision
from telemetry.engine.state import ReleaseState
from telemetry.kubernetes.revisions import additions, manifest
from telemetry.operations.preflight import releases
from telemetry.operations.readiness.why import Unready
from telemetry.operations.repair.plan import Repair
from telemetry.operations.repair.releases import Failure, Way, stuck
from tests.doubles import by_path
from tests.preflight import findings_at


def workload(**pod: Any) -> dict[str, Any]:
    container = {
        "name": "ingester",
        "image": "mimir:1",
        "env": [{"name": "A", "value": "1"}],
        **pod.pop("container", {}),
    }
    template = {"spec": {"containers": [container], "volumes": [{"name": "storage"}], **pod}}
    return {"kind": "StatefulSet", "metadata": {"name": "mimir-ingester"}, "spec": {"template": template}}


def text(*objects: dict[str, Any]) -> str:
    return yaml.safe_dump_all(objects)


BEFORE = text(workload())
AT = "StatefulSet mimir-ingester: spec.template.spec"


@pytest.mark.parametrize(
    ("after", "added"),
    [
        (workload(), []),
        (workload(container={"image": "mimir:2"}), []),  # what is changed is changed back
        (workload(nodeSelector={}), []),
        (workload(nodeSelector={"a": "b"}), [f"{AT}.nodeSelector"]),
        (workload(tolerations=[{"key": "a"}]), [f"{AT}.tolerations"]),
        (
            workload(container={"env": [{"name": "B", "value": "1"}, {"name": "A", "value": "2"}]}),
            [f"{AT}.containers[name=ingester].env[name=B]"],
        ),
        (workload(volumes=[{"name": "storage"}, {"name": "ca"}]), [f"{AT}.volumes[name=ca]"]),
        (workload(container={"args": ["-a"]}), [f"{AT}.containers[name=ingester].args"]),
    ],
)
def test_added_is_what_the_earlier_one_has_not(after: dict[str, Any], added: list[str]) -> None:
    assert additions(BEFORE, text(after)) == added


def test_an_item_of_a_plain_list_and_a_whole_object_are_additions_too() -> None:
    one, two = workload(container={"args": ["-a"]}), workload(container={"args": ["-a", "-b"]})
    assert additions(text(one), text(two)) == [f'{AT}.containers[name=ingester].args["-b"]']
    scaler = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "x"}}
    assert additions(BEFORE, text(workload(), scaler)) == ["HorizontalPodAutoscaler x"]
    assert additions(text(workload(), scaler), BEFORE) == []


def helm_secret(it: str) -> dict[str, Any]:
    packed = gzip.compress(json.dumps({"manifest": it}).encode())
    return {"data": {"release": base64.b64encode(base64.b64encode(packed)).decode()}}


def test_a_claim_of_another_size_is_no_addition() -> None:
    """The API server refuses such an upgrade whole: nothing of it is in the cluster."""

    def claims(size: str) -> str:
        claim = {"metadata": {"name": "storage"}, "spec": {"resources": {"requests": {"storage": size}}}}
        it = {"kind": "StatefulSet", "metadata": {"name": "a"}, "spec": {"volumeClaimTemplates": [claim]}}
        return yaml.safe_dump(it)

    assert additions(claims("1Gi"), claims("2Gi")) == []


def test_helms_secret_is_read() -> None:
    assert manifest(helm_secret(BEFORE)) == BEFORE


# What is done about it

FAILED = {"name": "mimir", "namespace": "n", "status": "failed", "revision": "3", "chart": "c-1"}


@pytest.mark.parametrize(
    ("failure", "way"),
    [
        (Failure(("x",), waiting=True), Way.REVERT),
        (Failure((), waiting=True, ordered=True), Way.REVERT),
        (Failure(("x",)), Way.SETTLE),
        (Failure((), waiting=True), None),  # an upgrade replaces a Deployment's pods
        (Failure(), None),
        (None, None),
    ],
)
def test_a_failed_release_is_reverted_settled_or_left_to_the_next_up(failure: Failure | None, way: Way | None) -> None:
    found = stuck(FAILED, ReleaseState(deployed=True, unfinished=True), failure)  # type: ignore[arg-type]
    assert (found and found.way) == way
    lost = stuck(FAILED, ReleaseState(), failure)  # type: ignore[arg-type]
    assert lost is not None
    assert lost.way is Way.LEAVE  # what the state does not know is adopted, not undone
    noted = stuck(FAILED, ReleaseState(deployed=True), failure)  # type: ignore[arg-type]
    assert noted is not None
    assert noted.way == (way or Way.RETRY)


class Helm:
    """Answers as helm would of a release with revisions, and notes to which it was rolled back."""

    def __init__(self, **revisions: tuple[str, str]) -> None:
        self.revisions = {int(number[1:]): it for number, it in revisions.items()}
        self.rolled: list[int] = []

    def list_all(self) -> list[dict[str, str]]:
        newest = max(self.revisions)
        return [{**FAILED, "revision": str(newest), "status": self.revisions[newest][0]}]

    def history(self, _: str) -> list[Revision]:
        return [Revision(revision=number, status=status) for number, (status, _) in self.revisions.items()]

    def get_manifest(self, _: str, *, revision: int) -> str:
        return self.revisions[revision][1]

    def roll_back(self, _: str, revision: int) -> None:
        self.rolled.append(revision)
        self.revisions[max(self.revisions) + 1] = ("deployed", self.revisions[revision][1])


class Pulumi:
    """A state that has the release, and takes what it is given."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        resource = {"urn": "urn:pulumi:dev::telemetry::kubernetes:helm.sh/v3:Release::mimir", "custom": True}
        inputs = {"name": "mimir", "namespace": "n"}
        self.state = {"resources": [{**resource, "type": "kubernetes:helm.sh/v3:Release", "inputs": inputs}]}

    def json(self, _: str) -> dict[str, Any]:
        return {"version": 3, "deployment": self.state}

    def run(self, command: str, *_: str, stdin: str | None = None) -> Any:
        self.ran.append(command)
        if stdin:
            self.state = json.loads(stdin)["deployment"]
        locked = type("Done", (), {"returncode": 0, "stdout": "", "stderr": ""})
        return locked()


class Runs:
    """Nothing runs."""

    def engines(self) -> list[Any]:
        return []

    def orphans(self) -> list[Any]:
        return []


class Pods:
    """Workloads that wait, and pods that only a deletion sets free."""

    def __init__(self, *waiting: Unready) -> None:
        self.waiting = waiting
        self.asked: list[set[str]] = []

    def unready(self) -> tuple[Unready, ...]:
        return self.waiting

    def unstick(self, names: Any) -> Any:
        self.asked.append(set(names))
        yield from (pod for each in self.waiting for pod in each.stuck)


INGESTER = Unready("StatefulSet", "mimir-ingester", "mimir", 0, 1, ("why",), ordered=True, stuck=("mimir-ingester-0",))
ADDS = text(workload(nodeSelector={"a": "b"}))


def mend(helm: Helm, pods: Pods) -> tuple[Repair, Pulumi]:
    pulumi = Pulumi()
    return Repair(pulumi, helm, lambda _: None, Runs(), ["mimir"], pods=pods), pulumi  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.operations.repair.locks.held", lambda _: [])


def test_a_release_whose_pods_wait_goes_back_by_every_failed_revision_and_its_pods_are_freed() -> None:
    helm = Helm(r1=("superseded", BEFORE), r2=("deployed", BEFORE), r3=("failed", ADDS), r4=("failed", BEFORE))
    pods = Pods(INGESTER)
    repair, pulumi = mend(helm, pods)
    plan = repair.find()
    (found,) = plan.releases
    assert str(found) == f"release mimir, revision 4: failed, and it added {AT}.nodeSelector"
    assert plan.waiting == (INGESTER,)
    done = list(repair.carry_out(plan))
    assert helm.rolled == [3, 2]  # each step takes away what one has added
    assert pods.asked == [{"mimir"}]
    assert "deleted pod mimir-ingester-0, which nothing else would replace" in done
    assert pulumi.ran == ["refresh"]


def test_a_pending_release_goes_back_by_the_failed_ones_before_it_too() -> None:
    helm = Helm(r1=("deployed", BEFORE), r2=("failed", ADDS), r3=("pending-upgrade", BEFORE))
    repair, _ = mend(helm, Pods())
    list(repair.carry_out(repair.find()))
    assert helm.rolled == [2, 1]


def test_a_release_that_was_late_is_deployed_as_it_is_and_the_next_up_sees_to_it() -> None:
    helm = Helm(r1=("deployed", BEFORE), r2=("failed", ADDS))
    repair, pulumi = mend(helm, Pods())
    done = list(repair.carry_out(repair.find()))
    assert helm.rolled == [2]
    assert "noted that the release mimir, which was failed, is deployed as revision 2" in done
    assert pulumi.state["resources"][0]["initErrors"]


def test_pods_of_a_first_release_that_nothing_replaces_are_deleted() -> None:
    helm = Helm(r1=("failed", ADDS))
    repair, _ = mend(helm, Pods(INGESTER))
    plan = repair.find()
    assert plan.pods == ("mimir-ingester-0",)
    assert plan.mendable
    assert any(each.found.startswith("pod mimir-ingester-0: of the template before") for each in plan.findings)
    assert "deleted pod mimir-ingester-0, which nothing else would replace" in list(repair.carry_out(plan))
    assert helm.rolled == []


# Before an up


def ask(tmp_path: Path, statuses: dict[int, str], manifests: dict[int, str], more: dict[str, Any] | None = None) -> Any:
    where = "/api/v1/namespaces/ca7f8f-dev/secrets"
    labels = [{"name": "mimir", "version": str(number), "status": status} for number, status in statuses.items()]
    answers: dict[str, Any] = {where: {"items": [{"metadata": {"labels": each}} for each in labels]}, **(more or {})}
    answers |= {f"{where}/sh.helm.release.v1.mimir.v{number}": helm_secret(it) for number, it in manifests.items()}
    with by_path(answers) as server:
        return findings_at(server, tmp_path, releases.check, "dev")


def test_an_up_that_would_leave_something_is_refused_with_what_it_is(tmp_path: Path) -> None:
    (line,) = ask(tmp_path, {1: "deployed", 2: "failed"}, {1: BEFORE, 2: ADDS})
    assert "release mimir of namespace ca7f8f-dev has failed, and Helm would leave in the cluster what it has" in line
    assert f"({AT}.nodeSelector)" in line
    assert line.endswith("make repair STACK=dev ON=cluster")


def test_an_up_after_a_failure_that_added_nothing_or_was_the_first_goes_on(tmp_path: Path) -> None:
    assert ask(tmp_path, {1: "deployed", 2: "failed"}, {1: BEFORE, 2: BEFORE}) == []
    assert ask(tmp_path, {1: "failed"}, {1: ADDS}) == []
    assert ask(tmp_path, {1: "deployed", 2: "failed"}, {}) == []  # we may not see them
    assert ask(tmp_path, {1: "superseded", 2: "failed", 3: "deployed"}, {1: BEFORE, 2: ADDS}) == []


def test_an_ordered_stateful_set_that_waits_is_no_matter_of_another_up(tmp_path: Path) -> None:
    ingester = workload() | {"metadata": {"name": "mimir-ingester", "uid": "u"}, "status": {}}
    ingester["metadata"]["annotations"] = {"meta.helm.sh/release-name": "mimir"}
    sets = {"/apis/apps/v1/namespaces/ca7f8f-dev/statefulsets": {"items": [ingester]}}
    (line,) = ask(tmp_path, {1: "deployed", 2: "failed"}, {1: BEFORE, 2: BEFORE}, sets)
    assert "StatefulSet mimir-ingester: 0 of 1 pods ready: Kubernetes would not replace a pod that never became" in line
