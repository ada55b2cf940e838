"""Labels, annotations and a priority class, on all that the program registers."""

from typing import Any

import pytest

from tests.engine.recorder import Registered, Run, changed, run_program
from tests.support import WITH_LOGS, all_of, changed_tree, put

RELEASE, CLASS = "kubernetes:helm.sh/v3:Release", "kubernetes:scheduling.k8s.io/v1:PriorityClass"
MARKED = all_of(
    WITH_LOGS,
    put("labels", {"objects": {"cost": "1", "team": "all"}, "pods": {"mesh": "off"}}),
    put("annotations", {"objects": {"owner": "us"}, "pods": {"evict": "no"}}),
    put("metrics.labels.objects", {"team": "metrics"}),
    put("metrics.annotations.objects", {"pager": "metrics"}),
    put("namespace.create", True),
    put("security.limit_range", {"default_request": {"cpu": "50m", "memory": "64Mi"}}),
    put("monitoring.rules", "prometheus-rule"),
)


def objects(run: Run) -> list[Registered]:
    """Return the Kubernetes objects that the program makes by itself."""
    return [each for each in run.resources if each.type.startswith("kubernetes:") and each.type != RELEASE]


def metadata(each: Registered) -> dict[str, Any]:
    found: dict[str, Any] = each.plain["metadata"]
    return found


@pytest.fixture(scope="module")
def run() -> Run:
    return run_program(changed_tree("test", MARKED), "test", preview=True)


def test_every_object_has_the_labels_and_annotations_of_the_stack(run: Run) -> None:
    assert len(objects(run)) > 20
    for each in objects(run):
        assert metadata(each)["labels"]["cost"] == "1", each.urn
        assert metadata(each)["annotations"]["owner"] == "us", each.urn
        assert "mesh" not in metadata(each)["labels"]


def test_a_backends_own_come_first_on_its_objects_alone(run: Run) -> None:
    teams = {each.name: metadata(each)["labels"]["team"] for each in objects(run)}
    paged = {each.name for each in objects(run) if "pager" in metadata(each)["annotations"]}
    assert paged == {name for name, team in teams.items() if team == "metrics"}
    assert {"mimir-s3", "mimir-pods"} <= paged
    assert not any(name.startswith(("tempo", "traces", "gateway", "loki", "telemetry")) for name in paged)


def test_what_an_object_says_itself_stays(run: Run) -> None:
    plain = {each.urn: each for each in objects(run_program(changed_tree("test", WITH_LOGS), "test", preview=True))}
    same = [each for each in objects(run) if each.urn in plain]
    assert same
    for each in same:
        for kind, own in metadata(plain[each.urn]).items():
            assert own == metadata(each)[kind] if isinstance(own, str) else own.items() <= metadata(each)[kind].items()


def test_the_gateways_pods_have_all_of_them_and_its_selector_none(run: Run) -> None:
    spec = run.one("kubernetes:apps/v1:Deployment", "gateway").plain["spec"]
    assert {"cost": "1", "mesh": "off"}.items() <= spec["template"]["metadata"]["labels"].items()
    assert {"owner": "us", "evict": "no"}.items() <= spec["template"]["metadata"]["annotations"].items()
    assert not {"cost", "mesh"} & spec["selector"]["matchLabels"].keys()


def test_a_class_is_made_before_the_pods_that_have_it() -> None:
    made = put("priority_class", {"name": "telemetry", "value": 1000, "preempts": False})
    run = changed(made, environment="test")
    priority = run.one(CLASS, "telemetry")
    assert {key: priority.plain[key] for key in ("value", "preemptionPolicy")} == {
        "value": 1000,
        "preemptionPolicy": "Never",
    }
    pods = [*run.of(RELEASE), run.one("kubernetes:apps/v1:Deployment", "gateway")]
    waits = [{*each.dependencies, *_of_parents(run, each)} for each in pods]
    assert all(priority.urn in each or priority.parent in each for each in waits)


def _of_parents(run: Run, each: Registered) -> list[str]:
    parent = run.at(each.parent)
    return [] if parent is None else [*parent.dependencies, *_of_parents(run, parent)]


def test_a_class_that_exists_is_not_made() -> None:
    run = changed(put("priority_class", {"name": "telemetry"}))
    assert run.of(CLASS) == []
