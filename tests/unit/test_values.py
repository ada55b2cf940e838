"""The Helm values of every environment: a golden file each, and the rules that no golden file may break."""

import pytest
from syrupy.assertion import SnapshotAssertion

from telemetry.config.quantities import bytes_text, cpu_text
from telemetry.config.roles import Role
from telemetry.stack import Stack
from tests.support import ENVIRONMENTS, SECRETS, Change, all_of, drop, load_stack, put
from tests.unit.rendered import Values, leaves, rendered, values_of

MIMIR = "mimir-distributed"
CHARTS = {"dev": ("tempo", MIMIR), "test": ("tempo", MIMIR), "prod": ("tempo-distributed", MIMIR)}
CASES = [(environment, chart) for environment, charts in CHARTS.items() for chart in charts]
MAY_HAVE_A_MEMORY_LIMIT = {
    "tempo": {"tempo"},
    "tempo-distributed": {"ingester"},
    MIMIR: {"ingester", "store_gateway"},
}

KUBERNETES = put("kubernetes.platform", "kubernetes")
SCALED: Change = all_of(
    *(
        put(f"{backend}.roles.{role}", {"cpu": "100m", "memory": "512Mi", "autoscaling": {"max_replicas": 6}})
        for backend, roles in (
            ("traces", ("distributor", "querier", "query-frontend", "compactor")),
            ("metrics", ("distributor", "querier", "query-frontend")),
        )
        for role in roles
    )
)
PLACED: Change = all_of(
    *(
        put(
            f"{backend}.placement",
            {
                "node_selector": {"node-type": "memory-optimized"},
                "tolerations": [{"key": "memory-intensive", "value": "true", "effect": "NoSchedule"}],
                "storage_class": "fast-ssd",
                "priority_class": "telemetry",
            },
        )
        for backend in ("traces", "metrics")
    )
)
VARIANTS: dict[str, Change] = {
    "scaled": SCALED,
    "placed on six nodes": all_of(PLACED, put("kubernetes.nodes", {"count": 6, "cpu": "16", "memory": "64Gi"})),
    "on two nodes": put("kubernetes.nodes", {"count": 2, "cpu": "16", "memory": "64Gi"}),
    "on kubernetes": KUBERNETES,
}
"""Ways to change prod, each with golden files of its own; as it stands it is for OpenShift with unknown nodes."""

each_case = pytest.mark.parametrize(("environment", "chart"), CASES, ids=lambda value: value)
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def values(chart: str, environment: str = "dev", *changes: Change) -> Values:
    return rendered(environment, *changes)[chart]


def sections(stack: Stack) -> dict[tuple[str, str], tuple[Role, Values]]:
    """Return every role of a stack by chart and name, with the part of the values that holds its resources."""
    charts = values_of(stack)
    found: dict[tuple[str, str], tuple[Role, Values]] = {}
    for shape in stack.traces.shapes:
        for name, role in shape.roles.items():
            key = {"all": "tempo", "query-frontend": "queryFrontend", "metrics-generator": "metricsGenerator"}
            found[shape.chart.name, name] = (role, charts[shape.chart.name][key.get(name, name)])
    for name, role in stack.backend("metrics").sizes[0].roles.items():
        found[MIMIR, name] = (role, charts[MIMIR][name.replace("-", "_")])
    return found


@each_case
def test_values_are_as_last_agreed(chart: str, environment: str, golden: SnapshotAssertion) -> None:
    assert values(chart, environment) == golden


@each_variant
@pytest.mark.parametrize("chart", CHARTS["prod"])
def test_values_of_prods_variants_are_as_last_agreed(chart: str, variant: str, golden: SnapshotAssertion) -> None:
    assert values(chart, "prod", VARIANTS[variant]) == golden


@each_case
def test_there_is_no_cpu_limit_anywhere(chart: str, environment: str) -> None:
    limits = [path for path, _ in leaves(values(chart, environment)) if "limits" in path[:-1] and path[-1] == "cpu"]
    assert limits == []


@each_case
def test_memory_limits_are_where_the_policy_has_them(chart: str, environment: str) -> None:
    paths = [path for path, _ in leaves(values(chart, environment))]
    assert {path[0] for path in paths if path[-2:] == ("limits", "memory")} == MAY_HAVE_A_MEMORY_LIMIT[chart]


@pytest.mark.parametrize(
    ("environment", "changes"),
    [*((environment, ()) for environment in ENVIRONMENTS), ("prod", (SCALED,))],
    ids=[*ENVIRONMENTS, "scaled"],
)
def test_every_role_states_what_the_settings_say_of_it(environment: str, changes: tuple[Change, ...]) -> None:
    for (chart, name), (role, section) in sections(load_stack(environment, *changes)).items():
        stated = section["resources"]
        assert stated["requests"] == {"cpu": cpu_text(role.cpu), "memory": bytes_text(role.memory)}, (chart, name)
        limit = role.memory_limit
        assert stated.get("limits") == (None if limit is None else {"memory": bytes_text(limit)}), (chart, name)


def test_there_is_a_part_of_the_values_for_every_role_that_runs_and_no_other() -> None:
    stack = load_stack("prod")
    assert len(sections(stack)) == 6 + 10
    without = load_stack(
        "prod",
        put("traces.enabled_roles", ["distributor", "ingester", "querier", "query-frontend", "compactor"]),
        drop("traces.roles.metrics-generator"),
    )
    tempo = values_of(without)["tempo-distributed"]
    assert "metricsGenerator" not in tempo
    assert "metrics_generator" not in tempo["overrides"]["defaults"]
    assert "metrics_generator" not in tempo["per_tenant_overrides"]["platform"]


def test_replicas_are_left_to_the_autoscaler_where_there_is_one() -> None:
    for (chart, name), (role, section) in sections(load_stack("prod", SCALED)).items():
        if chart == MIMIR:
            assert section["replicas"] == (None if role.autoscaling else role.replicas), name
            assert "autoscaling" not in section  # the program registers its own
        else:
            assert section["replicas"] == role.replicas, name
            assert ("autoscaling" in section) is (role.autoscaling is not None), name


def test_nobody_else_is_scaled_and_dev_states_every_number() -> None:
    for environment in ENVIRONMENTS:
        for chart, its in rendered(environment).items():
            found = [path for path, value in leaves(its) if path[-1] == "replicas" and value is None]
            assert found == [], chart
            assert not any("autoscaling" in path for path, _ in leaves(its))


def test_tempos_own_autoscalers_aim_at_cpu_alone() -> None:
    scaled = values("tempo-distributed", "prod", SCALED)
    bounds = {"enabled": True, "minReplicas": 2, "maxReplicas": 6}
    for name in ("distributor", "querier", "queryFrontend"):
        assert scaled[name]["autoscaling"] == {**bounds, "targetCPUUtilizationPercentage": 70}
    # The compactor's could also be KEDA's, so the chart wants to be told which.
    hpa = {"enabled": True, "targetCPUUtilizationPercentage": 70}
    assert scaled["compactor"]["autoscaling"] == {**bounds, "hpa": hpa}


def test_what_scales_by_other_metrics_is_left_to_the_programs_autoscaler() -> None:
    metrics = [{"type": "pods", "name": "inflight", "average_value": 20}]
    by_metrics = put("traces.roles.querier", {"autoscaling": {"max_replicas": 4, "metrics": metrics}})
    querier = values("tempo-distributed", "prod", by_metrics)["querier"]
    assert querier["replicas"] is None
    assert "autoscaling" not in querier


@each_case
def test_no_secret_is_in_the_values_only_the_secrets_name(chart: str, environment: str) -> None:
    texts = [str(value) for _, value in leaves(values(chart, environment))]
    assert [text for text in texts if any(secret in text for secret in SECRETS)] == []
    assert {"tempo": "tempo-s3", "tempo-distributed": "tempo-s3", MIMIR: "mimir-s3"}[chart] in texts


def test_during_a_move_both_tempos_are_rendered_each_from_its_own_shape() -> None:
    old = {
        "chart": {"name": "tempo", "version": "2.2.4", "reference": "./charts/tempo"},
        "roles": {"all": {"cpu": "1"}},
    }
    moving = rendered("prod", put("traces.moving_from", old))
    assert moving["tempo-distributed"] == values("tempo-distributed", "prod")
    assert moving["tempo"]["tempo"]["resources"]["requests"]["cpu"] == "1"
    assert moving["tempo"]["tempo"]["storage"]["trace"]["s3"] == moving["tempo-distributed"]["storage"]["trace"]["s3"]
