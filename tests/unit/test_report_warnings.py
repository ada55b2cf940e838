"""What a report warns of, and in which order."""

from typing import Any

import pytest

from telemetry.capacity.fit import Verdict
from telemetry.engine.preview import Preview, Step
from telemetry.operations.report.model import Item, ReleaseChange, Restart, Warn
from telemetry.operations.report.warnings import warnings

NOTHING = Preview((), {})


def thing(kind: str, action: str = "change", **more: Any) -> Item:
    """Return an item of a report."""
    return Item.model_validate({"system": "kubernetes", "kind": kind, "name": "x", "action": action, **more})


def release(name: str, action: str, status: str | None = None) -> ReleaseChange:
    """Return a release of a report."""
    return ReleaseChange.model_validate(
        {"name": name, "namespace": "ns", "action": action, "chart": name, "version": "1", "status": status}
    )


def of(*items: Item, releases: tuple[ReleaseChange, ...] = (), preview: Preview = NOTHING) -> list[Warn]:
    """Return the warnings about these."""
    return list(warnings(items, releases, preview, Verdict(), stack="prod", s3_secrets={"mimir-s3", "ours"}))


def field(path: str, old: Any, new: Any) -> dict[str, Any]:
    """Return a changed field."""
    return {"path": path, "op": "change", "old": old, "new": new}


@pytest.mark.parametrize(
    ("item", "level", "words"),
    [
        (thing("Bucket", "delete", system="s3"), "destructive", "with everything in it"),
        (thing("Bucket", "replace", system="s3"), "destructive", "deleted and made again"),
        (thing("Bucket", "forget", system="s3"), "disruptive", "stays where it is"),
        (thing("StatefulSet", "delete", owner="mimir"), "destructive", "its volume claims stay"),
        (thing("StatefulSet", "replace"), "destructive", "deleted and made again"),
        (thing("Namespace", "delete"), "destructive", "with everything in it"),
        (thing("Provider", "replace", system="pulumi"), "destructive", "all that it made is made again"),
        (thing("Service", "delete"), "disruptive", "is deleted"),
        (thing("HorizontalPodAutoscaler", "delete"), "disruptive", "may keep its number of pods"),
        (thing("Deployment", "replace", fails="x cannot be changed"), "fails", "Delete the Deployment first"),
        (thing("StatefulSet", "replace", fails="x cannot be changed"), "fails", "--cascade=orphan"),
        (thing("StatefulSet", fields=[field("spec.replicas", 3, 2)]), "destructive", "from 3 to 2 pods"),
        (
            thing(
                "StatefulSet",
                fields=[field("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain", "Delete")],
            ),
            "destructive",
            "no longer keeps its volume claims",
        ),
        (
            thing(
                "ConfigMap",
                owner="loki",
                fields=[field('data["config.yaml"].schema_config.configs[0].from', "2024-04-01", "2026-01-01")],
            ),
            "destructive",
            "are not found any more",
        ),
        (thing("Secret"), "notice", "restart them"),
        (thing("Secret", name="mimir-s3"), "notice", "pods that use it restart"),
        (thing("Secret", name="ours"), "notice", "pods that use it restart"),
        (thing("ExternalSecret", "delete"), "disruptive", "the Secret that was made of it goes with it"),
    ],
)
def test_each_danger_has_its_warning(item: Item, level: str, words: str) -> None:
    (warning,) = of(item)
    assert (warning.level, warning.about) == (level, item.title)
    assert words in warning.text


@pytest.mark.parametrize(
    "item",
    [
        thing("Deployment", "create"),
        thing("ConfigMap"),
        thing("StatefulSet", fields=[field("spec.replicas", 2, 3)]),
        thing("Deployment", fields=[field("spec.replicas", 3, 2)]),
        thing("Deployment", fields=[{"path": "spec.replicas", "op": "add", "new": 1}]),
    ],
)
def test_what_is_no_danger_has_none(item: Item) -> None:
    assert of(item) == []


def test_a_volume_names_its_sizes() -> None:
    path = "spec.volumeClaimTemplates[data].spec.resources.requests.storage"
    (warning,) = of(thing("StatefulSet", "replace", fails="x", fields=[field(path, "1Gi", "2Gi")]))
    assert "the volume claim 'data' cannot be resized in place (1Gi to 2Gi): `up` fails" in warning.text


def test_an_uninstalled_release_is_one_warning() -> None:
    gone = [thing(kind, "delete", owner="tempo") for kind in ("StatefulSet", "Service", "ConfigMap")]
    (warning,) = of(*gone, releases=(release("tempo", "delete"),))
    assert (warning.level, warning.about) == ("destructive", "release tempo")
    assert "with its 3 objects" in warning.text


@pytest.mark.parametrize(
    ("action", "status", "level", "words"),
    [
        ("change", "pending-upgrade", "fails", "make repair STACK=prod ON=cluster"),
        ("same", "pending-upgrade", "fails", "make repair STACK=prod ON=cluster"),
        ("same", "failed", "disruptive", "nothing here mends it"),
        ("change", "failed", "disruptive", "`up` tries again"),
        ("create", "deployed", "fails", "the state does not know it"),
    ],
)
def test_a_release_that_is_not_as_it_should_be_is_named(action: str, status: str, level: str, words: str) -> None:
    (warning,) = of(releases=(release("mimir", action, status),))
    assert (warning.level, warning.about) == (level, "release mimir")
    assert words in warning.text


@pytest.mark.parametrize(("owner", "about"), [("mimir", "release mimir"), ("", "the program's own workloads")])
def test_pods_that_restart_alike_are_one_warning_that_names_their_workloads(owner: str, about: str) -> None:
    how = "one after the other"
    items = [
        thing("StatefulSet", name=name, owner=owner, restart=Restart(pods=pods, how=how))
        for name, pods in (("a", 1), ("b", 3))
    ]
    (warning,) = of(*items)
    assert warning.about == about
    assert warning.text == "pods restart, one after the other: StatefulSet a (1 pod), StatefulSet b (3 pods)"


@pytest.mark.parametrize(
    ("releases", "words"),
    [
        (
            (release("tempo-distributed", "create"), release("tempo", "delete")),
            "move to distributed: release tempo-distributed is made ready, then the Services turn to it; "
            "release tempo goes last",
        ),
        (
            (release("tempo-distributed", "create"), release("tempo", "same")),
            "move to distributed: release tempo-distributed is made ready, then the Services turn to it; "
            "release tempo stays, without new traces, until it is removed",
        ),
        (
            (release("tempo-distributed", "same"), release("tempo", "delete")),
            "move to distributed: release tempo goes last",
        ),
    ],
)
def test_a_move_of_topology_says_its_steps(releases: tuple[ReleaseChange, ...], words: str) -> None:
    assert words in [warning.text for warning in of(releases=releases) if warning.about == "traces"]


@pytest.mark.parametrize("releases", [(release("tempo", "create"),), (release("tempo", "change"),)])
def test_a_first_up_and_an_update_are_no_move(releases: tuple[ReleaseChange, ...]) -> None:
    assert of(releases=releases) == []


def test_protection_that_is_touched_or_taken_away_is_named() -> None:
    touched = Step("a::b::aws:s3/bucket:Bucket::x", "update", {}, {}, {}, was_protected=True, is_protected=True)
    loses = Step("a::b::aws:s3/bucket:Bucket::y", "same", {}, {}, {}, was_protected=True)
    texts = [warning.text for warning in of(preview=Preview((touched, loses), {}))]
    assert texts == ["is protected, and the preview says update", "loses its protection: a later run may delete it"]


def test_the_most_severe_comes_first() -> None:
    items = [thing("Secret"), thing("Service", "delete"), thing("Job", "replace", fails="y"), thing("Bucket", "delete")]
    found = warnings(items, (), NOTHING, Verdict(warnings=("quota is short",)), stack="prod", s3_secrets=())
    assert [warning.level for warning in found] == ["destructive", "fails", "disruptive", "disruptive", "notice"]
    assert "quota is short" in [warning.text for warning in found]


def test_a_label_of_a_secret_is_no_new_credential() -> None:
    label, key = field("metadata.labels.cost", None, "1"), field("data.AWS_SECRET_ACCESS_KEY", "[secret]", "[secret]")
    assert of(thing("Secret", name="mimir-s3", fields=[label])) == []
    (notice,) = of(thing("Secret", name="mimir-s3", fields=[label, key]))
    assert "the old key must count until" in notice.text
