"""Before the first change the cluster is asked for what the settings place pods by."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import placement
from tests.doubles import by_path, refused
from tests.preflight import findings_at
from tests.support import Change, load_stack, put

RACK = "topology.kubernetes.io/rack"
KNOWN = put("kubernetes.nodes", {"count": 3, "cpu": "16", "memory": "64Gi", "topology": {RACK: 3}})
SPREAD = put("metrics.placement.spread_over", [RACK])
SELECTED = put("metrics.placement.node_selector", {"node-type": "observability"})
CLASSED = put("traces.placement", {"priority_class": "telemetry", "storage_class": "fast"})


def nodes(*labels: dict[str, str]) -> dict[str, Any]:
    named = [{"kubernetes.io/hostname": f"n{number}", **each} for number, each in enumerate(labels)]
    return {"/api/v1/nodes": {"items": [{"metadata": {"labels": each}} for each in named]}}


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(answers: dict[str, Any], *changes: Change) -> list[str]:
        with by_path(answers) as server:
            return findings_at(server, tmp_path, placement.check, "prod", *changes)

    return ask


def test_a_rule_over_a_label_that_no_node_has_is_refused(ask: Any) -> None:
    assert ask(nodes({RACK: "a"}, {}, {}), KNOWN, SPREAD) == []
    (line,) = ask(nodes({}, {}, {}), KNOWN, SPREAD)
    assert line.startswith(f"telemetry:metrics.placement.spread_over: {RACK}: telemetry:kubernetes.nodes says")
    assert line.endswith("label them, or correct kubernetes.nodes")


def test_the_label_counts_on_the_nodes_that_the_pods_may_run_on(ask: Any) -> None:
    elsewhere = nodes({RACK: "a"}, {"node-type": "observability"})
    (line,) = ask(elsewhere, KNOWN, SPREAD, SELECTED)
    assert "none of the 1 on which these pods may run has it" in line


def test_best_effort_asks_no_node_for_a_label(ask: Any) -> None:
    assert ask(nodes({}), SPREAD) == []


def test_a_selector_that_no_node_meets_is_refused_unless_nodes_are_made_on_demand(ask: Any) -> None:
    assert ask(nodes({}, {"node-type": "observability"}), SELECTED) == []
    (line,) = ask(nodes({}, {"node-type": "batch"}), SELECTED)
    assert line.startswith(
        "telemetry:metrics.placement.node_selector: node-type=observability: none of the cluster's 2"
    )
    assert ask(nodes({}), SELECTED, put("kubernetes.nodes_on_demand", True)) == []


def test_classes_must_exist(ask: Any) -> None:
    there: dict[str, Any] = {
        "/apis/scheduling.k8s.io/v1/priorityclasses/telemetry": {},
        "/apis/storage.k8s.io/v1/storageclasses/fast": {},
    }
    assert ask(there, CLASSED) == []
    priority, storage = ask({}, CLASSED)
    assert priority.startswith("telemetry:traces.placement.priority_class: 'telemetry' does not exist on the cluster;")
    assert storage.startswith("telemetry:traces.placement.storage_class: 'fast' does not exist on the cluster;")


def test_who_may_not_look_is_not_held_up(ask: Any, tmp_path: Path) -> None:
    forbidden = dict.fromkeys(("/api/v1/nodes", "/apis/scheduling.k8s.io/v1/priorityclasses/telemetry"), 403)
    forbidden["/apis/storage.k8s.io/v1/storageclasses/fast"] = 403
    assert ask(forbidden, KNOWN, SPREAD, SELECTED, CLASSED) == []
    assert findings_at(refused(), tmp_path, placement.check, "prod", SELECTED) == []


@pytest.mark.parametrize(
    ("topology", "said"),
    [
        ({"kubernetes.io/hostname": 3}, "of which there is one a node"),
        ({RACK: 4}, "is more than there are nodes (3)"),
    ],
)
def test_topology_makes_sense(topology: dict[str, int], said: str) -> None:
    nodes = {"count": 3, "cpu": "16", "memory": "64Gi", "topology": topology}
    with pytest.raises(Exception, match=r"telemetry:kubernetes\.nodes\.topology") as refusal:
        load_stack("prod", put("kubernetes.nodes", nodes))
    assert said in str(refusal.value)


def test_a_class_of_all_pods_must_exist_unless_the_program_makes_it(ask: Any) -> None:
    (line,) = ask({}, put("priority_class", {"name": "telemetry"}))
    assert line.startswith("telemetry:priority_class.name: 'telemetry' does not exist on the cluster;")
    made = put("priority_class", {"name": "telemetry", "value": 1000})
    assert ask({}, made, put("traces.placement.priority_class", "telemetry")) == []
