"""Autoscalers of the program's own: Mimir's, for its chart scales by KEDA only; Tempo's, where not CPU counts."""

import pytest

from tests.engine.recorder import Run, changed, run_of
from tests.support import ENVIRONMENTS, Change, all_of, drop, put

HPA, RELEASE = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "kubernetes:helm.sh/v3:Release"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
ROOM = put("namespace.requested_quota", {"cpu": "100", "memory": "400Gi", "storage": "96Gi"})
each_preview = pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])


def scaled(backend: str, role: str, **scaling: int) -> Change:
    return put(f"{backend}.roles.{role}", {"autoscaling": scaling})


def replicas(run: Run) -> dict[str, int | None]:
    values = run.one(RELEASE, "mimir").plain["values"]
    return {name: part["replicas"] for name, part in values.items() if isinstance(part, dict) and "replicas" in part}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@each_preview
def test_nothing_scales_unless_it_is_asked_to(environment: str, preview: bool) -> None:
    assert run_of(environment, preview=preview).of(HPA) == []
    assert None not in replicas(run_of(environment, preview=preview)).values()


@each_preview
def test_an_autoscaler_scales_the_deployment_of_its_role_on_cpu(preview: bool) -> None:
    changes = all_of(
        ROOM,
        scaled("metrics", "querier", min_replicas=3, max_replicas=7, cpu_percent=60),
        scaled("metrics", "query-frontend"),
    )
    run = changed(changes, environment="prod", preview=preview)
    assert {hpa.name for hpa in run.of(HPA)} == {"mimir-querier", "mimir-query-frontend"}
    querier = run.one(HPA, "mimir-querier")
    assert querier.plain["metadata"] == {"name": "mimir-querier", "namespace": "ca7f8f-prod"}
    assert querier.plain["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mimir-querier"},
        "minReplicas": 3,
        "maxReplicas": 7,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
            }
        ],
    }
    defaults = run.one(HPA, "mimir-query-frontend").plain["spec"]
    assert (defaults["minReplicas"], defaults["maxReplicas"]) == (2, 10)
    assert defaults["metrics"][0]["resource"]["target"]["averageUtilization"] == 70


@each_preview
def test_an_autoscaler_comes_after_its_deployment_and_belongs_to_mimir(preview: bool) -> None:
    run = changed(all_of(ROOM, scaled("metrics", "distributor")), environment="prod", preview=preview)
    (hpa,) = run.of(HPA)
    assert run.one(RELEASE, "mimir").urn in hpa.dependencies
    assert hpa.parent == run.one("telemetry:metrics:Mimir", "mimir").urn


def test_the_release_leaves_the_replicas_of_a_scaled_role_alone() -> None:
    run = changed(all_of(ROOM, scaled("metrics", "distributor")), environment="prod")
    found = replicas(run)
    assert {name for name, number in found.items() if number is None} == {"distributor"}
    assert len(found) == 10


def test_metrics_of_the_users_own_count_beside_cpu_or_alone() -> None:
    queue = {"api_version": "v1", "kind": "Service", "name": "queue"}
    metrics = [
        {"type": "pods", "name": "inflight", "average_value": 0.5},
        {"type": "object", "name": "depth", "value": "10k", "described_object": queue},
    ]
    by_metrics = put("metrics.roles.querier", {"autoscaling": {"cpu_percent": None, "metrics": metrics}})
    with_cpu = put("gateway.autoscaling", {"metrics": metrics[:1]})
    run = changed(all_of(ROOM, drop("gateway.replicas"), by_metrics, with_cpu), environment="prod")
    inflight = {
        "type": "Pods",
        "pods": {"metric": {"name": "inflight"}, "target": {"type": "AverageValue", "averageValue": "500m"}},
    }
    assert run.one(HPA, "mimir-querier").plain["spec"]["metrics"] == [
        inflight,
        {
            "type": "Object",
            "object": {
                "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "queue"},
                "metric": {"name": "depth"},
                "target": {"type": "Value", "value": "10k"},
            },
        },
    ]
    cpu, own = run.one(HPA, "gateway").plain["spec"]["metrics"]
    assert (cpu["resource"]["name"], own) == ("cpu", inflight)


def test_tempos_roles_are_the_programs_to_scale_where_its_chart_cannot() -> None:
    metrics = [{"type": "pods", "name": "inflight", "average_value": 20}]
    run = changed(all_of(ROOM, put("traces.roles.querier", {"autoscaling": {"metrics": metrics}})), environment="prod")
    own = "tempo-distributed-querier-by-metrics"
    scaler, budget, release = run.one(HPA, own), run.one(BUDGET, own), run.one(RELEASE, "tempo-distributed")
    assert scaler.plain["spec"]["scaleTargetRef"]["name"] == "tempo-distributed-querier"
    assert budget.plain["spec"]["selector"]["matchLabels"] == {
        "app.kubernetes.io/name": "tempo",
        "app.kubernetes.io/instance": "tempo-distributed",
        "app.kubernetes.io/component": "querier",
    }
    assert release.urn in {*scaler.dependencies} & {*budget.dependencies}


def test_tempos_roles_are_scaled_by_its_chart_on_cpu() -> None:
    run = changed(all_of(ROOM, scaled("traces", "querier")), environment="prod")
    assert run.of(HPA) == []
    assert run.one(RELEASE, "tempo-distributed").plain["values"]["querier"]["autoscaling"]["enabled"] is True
