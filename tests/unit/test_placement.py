"""Where pods may run: one setting of a backend, in every place in which its chart wants it."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from telemetry.config.placement import Placement
from telemetry.config.resources import Nodes
from telemetry.spec.values.placement import ROLLING, pod_placement, spread
from tests.support import Change, all_of, load_stack, put
from tests.unit.rendered import Values, leaves, rendered

PLACEMENT = {
    "node_selector": {"node-type": "memory-optimized"},
    "tolerations": [
        {"key": "memory-intensive", "value": "true", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute"},
    ],
    "storage_class": "fast-ssd",
    "priority_class": "telemetry",
}
POD = {
    "nodeSelector": {"node-type": "memory-optimized"},
    "tolerations": [
        {"key": "memory-intensive", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute"},
    ],
    "priorityClassName": "telemetry",
}
PLACED: Change = all_of(put("traces.placement", PLACEMENT), put("metrics.placement", PLACEMENT))
ENVIRONMENT = {"tempo": "dev", "tempo-distributed": "prod", "mimir-distributed": "prod"}
each_chart = pytest.mark.parametrize("chart", ENVIRONMENT)


def known(count: int) -> Change:
    return put("kubernetes.nodes", {"count": count, "cpu": "16", "memory": "64Gi"})


def nodes(count: int) -> Nodes:
    return Nodes.model_validate({"count": count, "cpu": "16", "memory": "64Gi"})


def values(chart: str, *changes: Change) -> Values:
    return rendered(ENVIRONMENT[chart], *changes)[chart]


def placements(chart: str, rendered: Values) -> Iterator[Values]:
    """Yield every part of the values that says where the pods of a role run: one for all of Tempo, one a Mimir role."""
    if chart == "mimir-distributed":
        yield from (part for part in rendered.values() if isinstance(part, dict) and "replicas" in part)
    else:
        yield rendered["defaults"] if chart == "tempo-distributed" else rendered


def spreads(chart: str, *changes: Change) -> dict[str, list[dict[str, Any]]]:
    """Return the spread constraints of every role of a chart in prod."""
    parts = {name: part for name, part in values(chart, *changes).items() if isinstance(part, dict)}
    found = {
        name: part["topologySpreadConstraints"] for name, part in parts.items() if "topologySpreadConstraints" in part
    }
    return {name: yaml.safe_load(given) if isinstance(given, str) else given for name, given in found.items()}


def test_nothing_is_said_of_a_place_that_nobody_chose() -> None:
    assert pod_placement(load_stack(), Placement()) == {}


def test_a_place_is_said_in_kubernetes_own_terms() -> None:
    assert pod_placement(load_stack(), Placement.model_validate(PLACEMENT)) == POD


@pytest.mark.parametrize("placement", [{}, {"node_selector": {"pool": "a"}}])
def test_a_priority_of_all_pods_is_that_of_whoever_has_none(placement: dict[str, Any]) -> None:
    stack = load_stack("dev", put("priority_class.name", "all"))
    assert pod_placement(stack, Placement.model_validate(placement))["priorityClassName"] == "all"
    assert pod_placement(stack, Placement.model_validate({**placement, "priority_class": "own"})) == {
        **pod_placement(load_stack(), Placement.model_validate(placement)),
        "priorityClassName": "own",
    }


@each_chart
def test_one_setting_reaches_every_pod(chart: str) -> None:
    placed, plain = values(chart, PLACED), values(chart)
    assert len(list(placements(chart, placed))) == {"mimir-distributed": 10}.get(chart, 1)
    for part in placements(chart, placed):
        assert {key: part.get(key) for key in POD} == POD
    for part in placements(chart, plain):
        assert not POD.keys() & part.keys()


@each_chart
def test_one_setting_reaches_every_volume(chart: str) -> None:
    classes = {path: value for path, value in leaves(values(chart, PLACED)) if "storageclass" in path[-1].lower()}
    expected = {
        "tempo": {("persistence", "storageClassName")},
        "tempo-distributed": {("global", "storageClass")},
        "mimir-distributed": {
            (role, "persistentVolume", "storageClass") for role in ("ingester", "compactor", "alertmanager")
        },
    }
    assert classes.keys() == expected[chart]
    assert set(classes.values()) == {"fast-ssd"}
    assert not any("storageclass" in path[-1].lower() for path, _ in leaves(values(chart)))


def test_a_backend_is_placed_on_its_own() -> None:
    charts = rendered("prod", put("metrics.placement", PLACEMENT))
    assert not POD.keys() & charts["tempo-distributed"]["defaults"].keys()
    assert charts["mimir-distributed"]["ingester"]["nodeSelector"] == PLACEMENT["node_selector"]


@pytest.mark.parametrize(
    ("there_are", "replicas", "rule"),
    [
        (None, 2, "ScheduleAnyway"),
        (nodes(1), 2, "ScheduleAnyway"),
        (nodes(2), 2, "DoNotSchedule"),
        (nodes(2), 3, "ScheduleAnyway"),
        (nodes(6), 3, "DoNotSchedule"),
    ],
    ids=["unknown", "too few", "just enough", "one short", "plenty"],
)
def test_replicas_are_kept_apart_by_a_rule_only_where_there_is_a_node_for_each(
    there_are: Nodes | None, replicas: int, rule: str
) -> None:
    (constraint,) = spread(Placement(), nodes=there_are, replicas=replicas)
    assert constraint == {
        "maxSkew": 1,
        "whenUnsatisfiable": rule,
        "nodeTaintsPolicy": "Honor",
        "topologyKey": "kubernetes.io/hostname",
    }


def test_every_topology_key_has_its_rule_and_its_selector() -> None:
    placement = Placement(spread_over=["topology.kubernetes.io/zone", "kubernetes.io/hostname"])
    constraints = spread(placement, nodes=nodes(6), replicas=3, selector={"app": "x"})
    assert [constraint["topologyKey"] for constraint in constraints] == placement.spread_over
    assert [constraint["labelSelector"] for constraint in constraints] == [{"matchLabels": {"app": "x"}}] * 2


@pytest.mark.parametrize(
    ("count", "softly"),
    [
        (6, set()),
        (3, set()),
        (2, {"ingester"}),
        (1, {"*"}),
        (None, {"*"}),
    ],
    ids=lambda value: str(value),
)
@pytest.mark.parametrize("chart", ["tempo-distributed", "mimir-distributed"])
def test_every_replicated_role_of_prod_is_spread(chart: str, count: int | None, softly: set[str]) -> None:
    found = spreads(chart, *([known(count)] if count else []))
    replicated = {
        name for name, part in values(chart).items() if isinstance(part, dict) and part.get("replicas", 1) > 1
    }
    assert len(replicated) == {"tempo-distributed": 5, "mimir-distributed": 8}[chart]
    assert replicated <= found.keys()
    for name in replicated:
        (constraint,) = found[name]
        hard = name not in softly and "*" not in softly
        assert constraint["whenUnsatisfiable"] == ("DoNotSchedule" if hard else "ScheduleAnyway"), name


def test_autoscaling_is_spread_at_its_maximum() -> None:
    scaled = put("metrics.roles.querier", {"autoscaling": {"max_replicas": 4}})
    for count, rule in ((3, "ScheduleAnyway"), (4, "DoNotSchedule")):
        (constraint,) = spreads("mimir-distributed", scaled, known(count))["querier"]
        assert constraint["whenUnsatisfiable"] == rule


def test_tempos_constraints_find_the_pods_of_their_own_role_and_release() -> None:
    for name, (constraint,) in spreads("tempo-distributed").items():
        labels = constraint["labelSelector"]["matchLabels"]
        assert labels["app.kubernetes.io/instance"] == "{{ .Release.Name }}"
        assert labels["app.kubernetes.io/component"].replace("-", "") == name.replace("-", "").lower()


def test_tempos_hard_anti_affinities_are_gone() -> None:
    tempo = values("tempo-distributed")
    assert {part["affinity"] for part in tempo.values() if isinstance(part, dict) and "replicas" in part} == {""}


def test_a_rollout_takes_one_pod_at_a_time_and_none_more_than_there_are() -> None:
    assert ROLLING == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    mimir = values("mimir-distributed")
    rolled = {name for name, part in mimir.items() if isinstance(part, dict) and part.get("strategy") == ROLLING}
    assert rolled == {"distributor", "querier", "query_frontend", "query_scheduler", "ruler"}


def test_a_single_pod_is_replaced_as_the_chart_does() -> None:
    dev = rendered("dev")["mimir-distributed"]
    assert [
        name
        for name, part in dev.items()
        if isinstance(part, dict) and {"strategy", "topologySpreadConstraints"} & part.keys()
    ] == []


RACK = "topology.kubernetes.io/rack"


@pytest.mark.parametrize(
    ("topology", "replicas", "rule"),
    [
        ({}, 2, "ScheduleAnyway"),  # three nodes are no three racks: nobody knows whether they have the label
        ({RACK: 2}, 2, "DoNotSchedule"),
        ({RACK: 2}, 3, "ScheduleAnyway"),
        ({"topology.kubernetes.io/zone": 3}, 2, "ScheduleAnyway"),
    ],
)
def test_a_key_is_a_rule_only_where_nodes_are_known_to_have_it(
    topology: dict[str, int], replicas: int, rule: str
) -> None:
    known = nodes(3).model_copy(update={"topology": topology})
    placement = Placement(spread_over=[RACK, "kubernetes.io/hostname"])
    rack, host = spread(placement, nodes=known, replicas=replicas)
    assert rack["whenUnsatisfiable"] == rule
    assert host["whenUnsatisfiable"] == "DoNotSchedule"


def test_a_rack_that_nobody_knows_of_is_no_rule_in_any_chart() -> None:
    racks = put("traces.placement.spread_over", [RACK]), put("metrics.placement.spread_over", [RACK])
    for chart in ("tempo-distributed", "mimir-distributed"):
        for name, constraints in spreads(chart, *racks, known(6)).items():
            assert [each["whenUnsatisfiable"] for each in constraints] == ["ScheduleAnyway"], name
