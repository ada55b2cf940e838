"""What repair makes of a state, of Helm's releases and of pulumi's complaints about locks."""

import copy
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from telemetry.clients.cli_tools import ListedRelease, Revision
from telemetry.clients.kubernetes import ApiServer
from telemetry.engine import state
from telemetry.engine.state import Deployment, ReleaseState, identifier, release_states, settled
from telemetry.operations.repair import RepairError, locks
from telemetry.operations.repair.live import LiveObjects
from telemetry.operations.repair.locks import Lock
from telemetry.operations.repair.releases import Way, last_good, stuck
from tests.support import load_stack

CIPHERTEXT = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
BUCKET: dict[str, Any] = {"type": "aws:s3/bucket:Bucket", "inputs": {"bucket": "blocks"}}
SECRET: dict[str, Any] = {
    "type": "kubernetes:core/v1:Secret",
    "inputs": {"kind": "Secret", "metadata": {"name": "s", "namespace": "n"}, "stringData": CIPHERTEXT},
}
RELEASE = {"type": "kubernetes:helm.sh/v3:Release", "inputs": {"name": "mimir", "namespace": "n", "values": {}}}


def named(resource: Mapping[str, Any], name: str, **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::telemetry::{resource['type']}::{name}"
    return {"urn": urn, "custom": True, **copy.deepcopy(dict(resource)), **more}


def killed(*resources: dict[str, Any], **pending: dict[str, Any]) -> Deployment:
    """Return a state with resources and, by its type, an operation that was under way."""
    operations = [{"type": kind, "resource": resource} for kind, resource in pending.items()]
    return {"resources": list(resources), "pending_operations": operations, "manifest": {"time": "then"}}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (BUCKET, "blocks"),
        ({"type": BUCKET["type"], "inputs": {"bucket": CIPHERTEXT}}, None),
        ({"type": "aws:s3/bucketVersioning:BucketVersioning", "inputs": {"bucket": "blocks"}}, "blocks"),
        ({"type": "grafana:oss/dataSource:DataSource", "inputs": {"uid": "mimir-dev"}}, "mimir-dev"),
        ({"type": "kubernetes:core/v1:Namespace", "inputs": {"metadata": {"name": "n"}}}, "n"),
        (SECRET, "n/s"),
        ({"type": "kubernetes:core/v1:Secret", "inputs": {"metadata": CIPHERTEXT}}, None),
        (RELEASE, None),
        ({"type": "pulumi:providers:aws", "inputs": {}}, None),
        ({"type": "random:index:Pet"}, None),
    ],
)
def test_id_is_what_the_provider_would_have_given(resource: dict[str, Any], expected: str | None) -> None:
    assert identifier(resource) == expected


def test_what_was_being_made_is_put_in_as_it_was_asked_for_and_then_looked_at() -> None:
    before = killed(named(BUCKET, "old", id="old"), creating=named(SECRET, "s"))
    after, outdated = settled(before, lambda _: {"__fieldManager": "pulumi-kubernetes-1"})
    old, adopted = after["resources"]
    assert old == before["resources"][0]
    assert adopted["id"] == "n/s"
    assert adopted["outputs"] == {**SECRET["inputs"], "__fieldManager": "pulumi-kubernetes-1"}
    assert adopted["inputs"]["stringData"] == CIPHERTEXT
    assert outdated == [adopted["urn"]]
    assert "pending_operations" not in after
    assert after["manifest"] == before["manifest"]


def test_what_somebody_else_has_made_or_nobody_is_forgotten() -> None:
    after, outdated = settled(killed(creating=named(SECRET, "s")), lambda _: None)
    assert after["resources"] == []
    assert outdated == []


@pytest.mark.parametrize("replacing", [False, True])
def test_what_was_to_replace_a_resource_never_stands_beside_it(replacing: bool) -> None:
    old = named(BUCKET, "blocks", id="blocks", **({"pendingReplacement": True} if replacing else {}))
    new = named(BUCKET, "blocks")
    new["inputs"]["forceDestroy"] = True
    after, outdated = settled(killed(old, creating=new), lambda _: {})
    assert len(after["resources"]) == 1
    assert ("forceDestroy" in after["resources"][0]["inputs"]) is replacing
    assert outdated == [old["urn"]]


@pytest.mark.parametrize("kind", ["updating", "deleting"])
def test_what_was_being_changed_or_deleted_stays_as_it_was_and_is_looked_at(kind: str) -> None:
    resource = named(BUCKET, "blocks", id="blocks")
    after, outdated = settled(killed(resource, **{kind: resource}), lambda _: pytest.fail("asked"))
    assert after["resources"] == [resource]
    assert outdated == [resource["urn"]]


def test_a_failed_release_is_noted_as_unfinished_and_no_refresh_takes_the_note_away() -> None:
    release = named(RELEASE, "mimir", id="n/mimir")
    after, outdated = settled(killed(release, updating=release), lambda _: None, unfinished={"mimir"})
    assert after["resources"][0]["initErrors"]
    assert outdated == []


def test_a_release_that_was_freed_is_looked_at() -> None:
    release = named(RELEASE, "mimir", id="n/mimir")
    before = killed(release)
    after, outdated = settled(before, lambda _: None, freed={"mimir"})
    assert after["resources"] == before["resources"]
    assert outdated == [release["urn"]]


def test_an_empty_state_has_nothing_to_settle() -> None:
    assert settled({}, lambda _: None) == ({"resources": []}, [])
    assert state.operations({"pending_operations": None}) == ()
    assert release_states({"resources": None}) == {}


def test_known_are_the_releases_of_the_state_and_of_what_was_under_way() -> None:
    failed = named(RELEASE, "mimir", initErrors=["not ready"])
    tempo = named({**RELEASE, "inputs": {"name": "tempo"}}, "tempo")
    gone = named({**RELEASE, "inputs": {"name": "gone"}}, "gone", delete=True)
    assert release_states(killed(failed, gone, updating=failed, creating=tempo)) == {
        "mimir": ReleaseState("updating", deployed=True, unfinished=True),
        "tempo": ReleaseState("creating"),
    }


@pytest.mark.parametrize(
    ("status", "revision", "state_knows", "way"),
    [
        ("deployed", 3, ReleaseState(deployed=True), None),
        ("deployed", 3, ReleaseState("updating", deployed=True), None),
        ("pending-install", 1, ReleaseState("creating"), Way.UNINSTALL),
        ("uninstalling", 3, ReleaseState("deleting", deployed=True), Way.UNINSTALL),
        ("pending-upgrade", 2, ReleaseState("updating", deployed=True), Way.ROLL_BACK),
        ("pending-rollback", 4, ReleaseState(deployed=True), Way.ROLL_BACK),
        ("pending-upgrade", 1, ReleaseState(deployed=True), Way.UNINSTALL),
        ("failed", 2, ReleaseState("updating", deployed=True), Way.RETRY),
        ("failed", 1, ReleaseState(deployed=True), Way.RETRY),
        ("failed", 2, ReleaseState(deployed=True, unfinished=True), None),
        ("failed", 1, ReleaseState(), Way.UNINSTALL),
        ("failed", 1, ReleaseState("creating"), Way.UNINSTALL),
        ("deployed", 1, ReleaseState("creating"), Way.UNINSTALL),
        ("deployed", 1, ReleaseState(), Way.LEAVE),
        ("deployed", 7, ReleaseState("creating"), Way.LEAVE),
        ("failed", 7, ReleaseState("creating"), Way.LEAVE),
        ("superseded", 1, ReleaseState(), None),
    ],
)
def test_each_status_of_a_release_has_its_way_out(
    status: str, revision: int, state_knows: ReleaseState, way: Way | None
) -> None:
    listed = ListedRelease(name="mimir", namespace="n", status=status, revision=str(revision), chart="c-1")
    found = stuck(listed, state_knows)
    assert (found and found.way) == way


def test_only_what_does_less_is_covered_by_what_was_agreed_to() -> None:
    assert Way.UNINSTALL.covers == set(Way)
    assert Way.RETRY in Way.ROLL_BACK.covers
    assert Way.UNINSTALL not in Way.ROLL_BACK.covers
    assert Way.LEAVE.covers == {Way.LEAVE}


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["superseded", "deployed", "pending-upgrade"], 2),
        (["superseded", "deployed", "failed", "failed", "pending-upgrade"], 2),
        (["failed", "pending-upgrade"], 1),
    ],
)
def test_roll_back_goes_to_what_last_worked(statuses: list[str], expected: int) -> None:
    history = [Revision(revision=number, status=status) for number, status in enumerate(statuses, start=1)]
    assert last_good(history, len(history)) == expected


COMPLAINT = """\
error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the \
lock file with `pulumi cancel`.
  s3://state/.pulumi/locks/organization/telemetry/dev/1.json?endpoint=http%3A%2F%2Fs3: created by Ann B@ci-1 (pid 7) \
at 2026-01-01T00:00:00Z
  file:///state/2.json: created by root@vm (pid 123) at 2026-01-02T00:00:00+01:00
"""


def test_locks_are_read_out_of_what_pulumi_says_of_them() -> None:
    assert locks.parsed(COMPLAINT) == [
        Lock("Ann B", "ci-1", 7, "2026-01-01T00:00:00Z"),
        Lock("root", "vm", 123, "2026-01-02T00:00:00+01:00"),
    ]


def test_a_lock_of_which_nothing_is_said_counts_as_another_machines() -> None:
    (lock,) = locks.parsed("error: the stack is currently locked by 1 lock(s).")
    with pytest.raises(RepairError, match="--break-lock"):
        locks.stale([lock], elsewhere_too=False)


def test_a_lock_of_another_machine_is_stale_only_if_somebody_says_so() -> None:
    lock = Lock("ci", "runner-7", 1, "then")
    with pytest.raises(RepairError, match="ci@runner-7, process 1, since then"):
        locks.stale([lock], elsewhere_too=False)
    assert locks.stale([lock], elsewhere_too=True) == (lock,)


def test_a_lock_of_a_living_engine_is_never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Lock("me", socket.gethostname(), 5, "then", "file:///state/1.json")
    monkeypatch.setattr(locks, "is_engine", lambda pid: pid == 5)
    with pytest.raises(RepairError, match="let it end first"):
        locks.stale([here], elsewhere_too=True)
    monkeypatch.setattr(locks, "is_engine", lambda _: False)
    assert locks.stale([here], elsewhere_too=False) == (here,)


@pytest.mark.parametrize("place", ["s3://state/.pulumi/locks/1.json", "gs://state/1.json", "azblob://state/1.json", ""])
def test_where_machines_share_a_state_the_name_of_one_does_not_make_a_lock_stale(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Containers and runners often have the same name, and the process is then looked for on the wrong one."""
    monkeypatch.setattr(locks, "is_engine", lambda _: False)
    alike = Lock("me", socket.gethostname(), 5, "then", place)
    with pytest.raises(RepairError, match=r"from a machine with the name of this one .* --break-lock"):
        locks.stale([alike], elsewhere_too=False)
    assert locks.stale([alike], elsewhere_too=True) == (alike,)


def test_where_a_lock_lies_is_read_as_well() -> None:
    shared, local = locks.parsed(COMPLAINT.replace("root@vm", f"root@{socket.gethostname()}"))
    assert shared.place.startswith("s3://state/")
    assert (local.place, local.is_of_this_machine) == ("file:///state/2.json", True)


@pytest.mark.parametrize(
    ("managers", "noted"),
    [
        (["kubelet", "pulumi-kubernetes-1a2b"], "pulumi-kubernetes-1a2b"),
        (["kubectl-client-side-apply"], None),
        ([], None),
    ],
)
def test_only_an_object_that_the_provider_has_made_is_taken_in(
    monkeypatch: pytest.MonkeyPatch, managers: list[str], noted: str | None
) -> None:
    secret = named({**SECRET, "inputs": {**SECRET["inputs"], "apiVersion": "v1"}}, "s")
    asked = []

    def metadata(_: ApiServer, manifest: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(manifest["metadata"]["name"])
        return {"managedFields": [{"manager": each} for each in managers]}

    monkeypatch.setattr(ApiServer, "metadata", metadata)
    cluster = LiveObjects(ApiServer(load_stack("dev").kubernetes))
    live = cluster.notes(secret)
    assert (live and live["__fieldManager"]) == noted
    assert asked == ["s"]
    assert cluster.notes(named(BUCKET, "blocks")) == {}
    assert len(asked) == 1
