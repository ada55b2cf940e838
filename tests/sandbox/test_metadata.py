"""Labels and annotations as the real helm renders them: on every pod once, and on which objects of each chart."""

from typing import Any

import pytest

from tests.sandbox import charts
from tests.sandbox.charts import Object, workloads
from tests.support import ALL_BACKENDS, all_of, load_stack, put
from tests.unit.bad_collectors import DAEMON_SET

pytestmark = pytest.mark.sandbox

LABELS = {"objects": {"cost": "1"}, "pods": {"mesh": "off"}}
ANNOTATIONS = {"objects": {"owner": "us"}, "pods": {"evict": "no"}}
MARKED = all_of(put("labels", LABELS), put("annotations", ANNOTATIONS))
COLLECTOR = put("collector", DAEMON_SET)
UNLABELLED = {
    "mimir-distributed": {"Deployment", "StatefulSet", "ConfigMap", "PodDisruptionBudget", "Service mimir-gossip-ring"},
    "alloy": {"Role", "RoleBinding", "Service collector"},
    "alertmanager": {
        "ConfigMap",
        "PodDisruptionBudget",
        "Service alertmanager-headless",
        "ServiceAccount",
        "StatefulSet",
    },
}
"""What a chart has no key for labels of; a kind, or one of its objects. This is what docs/platform.md says."""
UNANNOTATED = {
    "tempo": {"ConfigMap"},
    "tempo-distributed": {"ConfigMap", "PodDisruptionBudget"},
    "mimir-distributed": {"ConfigMap", "PodDisruptionBudget"},
    "loki": {"ConfigMap", "PodDisruptionBudget", "ServiceAccount loki-memcached", "Role", "RoleBinding"},
    "pyroscope": {"Deployment", "StatefulSet", "ConfigMap", "PodDisruptionBudget", "Service pyroscope-memberlist"},
    "alloy": {"Role", "RoleBinding"},
    "prometheus": {"PodDisruptionBudget"},
    "thanos": {"ConfigMap", "Deployment", "PodDisruptionBudget", "StatefulSet"},
    "alertmanager": {"PodDisruptionBudget", "Service alertmanager-headless"},
}
"""The same of annotations."""


@pytest.fixture(scope="module", params=ALL_BACKENDS)
def rendered(request: pytest.FixtureRequest) -> dict[str, list[Object]]:
    """Return the objects of each chart of a stack with labels and annotations."""
    environment, change = ALL_BACKENDS[request.param]
    collector = (COLLECTOR,) if environment == "dev" else ()
    return charts.rendered(load_stack(environment, change, *collector, MARKED))


def without(objects: list[Object], kind: str, key: str) -> set[str]:
    """Return the objects that lack a label or an annotation."""
    lacking = [each for each in objects if key not in (each["metadata"].get(kind) or {})]
    return {f"{each['kind']} {each['metadata']['name']}" for each in lacking}


def test_every_pod_has_all_of_them_and_no_selector_has_any(rendered: dict[str, list[Object]]) -> None:
    for objects in rendered.values():
        for each in workloads(objects):
            template: dict[str, Any] = each["spec"]["template"]["metadata"]
            assert {**LABELS["objects"], **LABELS["pods"]}.items() <= template["labels"].items()
            assert {**ANNOTATIONS["objects"], **ANNOTATIONS["pods"]}.items() <= template["annotations"].items()
            assert not {"cost", "mesh"} & each["spec"]["selector"]["matchLabels"].keys()


def test_no_volume_claim_has_any_for_they_can_never_change(rendered: dict[str, list[Object]]) -> None:
    claims = [
        claim["metadata"]
        for objects in rendered.values()
        for each in workloads(objects)
        for claim in each["spec"].get("volumeClaimTemplates", ())
    ]
    assert claims
    assert [each for each in claims if "cost" in str(each) or "owner" in str(each)] == []


@pytest.mark.parametrize(
    ("kind", "key", "known"), [("labels", "cost", UNLABELLED), ("annotations", "owner", UNANNOTATED)]
)
def test_all_objects_have_them_but_for_those_that_the_charts_have_no_key_for(
    rendered: dict[str, list[Object]], kind: str, key: str, known: dict[str, set[str]]
) -> None:
    for chart, objects in rendered.items():
        lacking = without(objects, kind, key)
        expected = known.get(chart, set())
        assert {each for each in lacking if not {each, each.partition(" ")[0]} & expected} == set(), chart
        told = {each["kind"] for each in objects} & expected
        assert {each.partition(" ")[0] for each in lacking} >= told, chart
