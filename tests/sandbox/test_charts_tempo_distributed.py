"""The stand-in of chart `tempo-distributed`, rendered with the values that the program produces for prod."""

import copy

import pytest

from telemetry.config.quantities import duration_text
from telemetry.spec.values.common import Values
from tests.sandbox.charts import Object, config_of, containers, named, pods, ports, render, values_of, workloads
from tests.support import Change, all_of, drop, load_stack, put

pytestmark = pytest.mark.sandbox

CHART = "tempo-distributed"
DEPLOYMENTS = {"distributor", "querier", "query-frontend", "compactor"}
STATEFUL = {"ingester", "metrics-generator"}
PLACEMENT = {
    "node_selector": {"node-type": "observability"},
    "tolerations": [{"key": "observability", "operator": "Exists"}],
    "storage_class": "fast",
    "priority_class": "platform",
}


def prod(*changes: Change) -> Values:
    return copy.deepcopy(values_of(CHART, load_stack("prod", *changes)))


def rendered(*changes: Change) -> list[Object]:
    return render(CHART, prod(*changes))


def full(roles: set[str]) -> set[str]:
    return {f"tempo-distributed-{role}" for role in roles}


def test_it_has_the_real_names_and_ports() -> None:
    objects = rendered()
    assert set(named(objects, "Deployment")) == full(DEPLOYMENTS)
    assert set(named(objects, "StatefulSet")) == full(STATEFUL)
    assert set(named(objects, "ConfigMap")) == full({"config", "runtime"})
    assert set(named(objects, "ServiceAccount")) == {"tempo-distributed"}
    twins = {f"{role}-discovery" for role in ("distributor", "ingester", "query-frontend", "metrics-generator")}
    assert set(named(objects, "Service")) == full(DEPLOYMENTS | STATEFUL | twins | {"gossip-ring"})
    assert ports(objects, "tempo-distributed-distributor") == {3200, 9095, 4317, 4318, 55680}
    assert ports(objects, "tempo-distributed-query-frontend") == {3200, 9095}
    assert ports(objects, "tempo-distributed-gossip-ring") == {7946}


def test_its_pods_are_told_apart_by_release_and_role() -> None:
    selectors = {item["metadata"]["name"]: item["spec"]["selector"]["matchLabels"] for item in workloads(rendered())}
    assert selectors["tempo-distributed-distributor"] == {
        "app.kubernetes.io/name": "tempo",
        "app.kubernetes.io/instance": "tempo-distributed",
        "app.kubernetes.io/component": "distributor",
    }
    assert len({tuple(labels.items()) for labels in selectors.values()}) == len(DEPLOYMENTS | STATEFUL)


def test_it_gets_the_config_that_the_settings_mean() -> None:
    stack = load_stack("prod")
    config = config_of(rendered(), "tempo-distributed-config", "tempo.yaml")
    assert config["multitenancy_enabled"] is True
    assert config["usage_report"] == {"reporting_enabled": False}
    assert config["cache"] == {"caches": []}
    assert config["storage"]["trace"]["backend"] == "s3"
    assert config["storage"]["trace"]["s3"]["bucket"] == "dts-traces-prod-blocks"
    assert "secret_key" not in config["storage"]["trace"]["s3"]
    assert set(config["distributor"]["receivers"]) == {"otlp"}
    assert set(config["distributor"]["receivers"]["otlp"]["protocols"]) == {"grpc", "http"}
    assert config["ingester"]["flush_all_on_shutdown"] is True
    assert config["ingester"]["lifecycler"]["ring"]["replication_factor"] == stack.traces.replication_factor
    compaction = config["compactor"]["compaction"]
    assert compaction["block_retention"] == duration_text(stack.traces.retention)
    assert compaction["max_block_bytes"] == 5 * 1024**3
    write = config["metrics_generator"]["storage"]["remote_write"]
    assert write == [
        {"url": "http://mimir-distributor.ca7f8f-prod.svc.cluster.local.:8080/api/v1/push", "send_exemplars": True}
    ]
    processors = config["overrides"]["defaults"]["metrics_generator"]["processors"]
    assert processors == ["service-graphs", "span-metrics", "local-blocks"]


def test_without_the_metrics_generator_nothing_speaks_of_it() -> None:
    atomic = sorted((DEPLOYMENTS | STATEFUL) - {"metrics-generator"})
    objects = rendered(all_of(put("traces.enabled_roles", atomic), drop("traces.roles.metrics-generator")))
    assert not [item for item in objects if "metrics-generator" in item["metadata"]["name"]]
    config = config_of(objects, "tempo-distributed-config", "tempo.yaml")
    assert "metrics_generator" not in config
    assert "metrics_generator" not in config["overrides"]["defaults"]


def test_a_cache_that_was_not_switched_off_shows() -> None:
    values = prod()
    del values["memcached"]
    objects = render(CHART, values)
    assert "tempo-distributed-memcached" in named(objects, "StatefulSet")
    caches = config_of(objects, "tempo-distributed-config", "tempo.yaml")["cache"]["caches"]
    assert [cache["memcached"]["host"] for cache in caches] == ["tempo-distributed-memcached"]


def test_no_role_is_kept_off_a_node_by_its_like() -> None:
    by_default = pods(render(CHART, {"metricsGenerator": {"enabled": True}}))
    hard = "requiredDuringSchedulingIgnoredDuringExecution"
    assert {name for name, pod in by_default.items() if hard in pod.get("affinity", {}).get("podAntiAffinity", {})} == (
        DEPLOYMENTS | {"metrics-generator"}
    )
    assert [name for name, pod in pods(rendered()).items() if "affinity" in pod] == []


@pytest.mark.parametrize(("nodes", "rule"), [(None, "ScheduleAnyway"), (2, "ScheduleAnyway"), (3, "DoNotSchedule")])
def test_ingesters_are_spread_by_a_hard_rule_where_there_are_nodes_enough(nodes: int | None, rule: str) -> None:
    known = put("kubernetes.nodes", {"count": nodes, "cpu": "16", "memory": "64Gi"}) if nodes else all_of()
    (constraint,) = pods(rendered(known))["ingester"]["topologySpreadConstraints"]
    assert constraint["whenUnsatisfiable"] == rule
    assert constraint["topologyKey"] == "kubernetes.io/hostname"


def test_every_role_is_spread_over_its_own_pods_and_no_others() -> None:
    for item in workloads(rendered()):
        for constraint in item["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            assert constraint["labelSelector"] == item["spec"]["selector"]


def test_a_change_goes_through_the_roles_one_pod_at_a_time_and_starts_none_more() -> None:
    objects = rendered()
    strategies = {name: item["spec"]["strategy"] for name, item in named(objects, "Deployment").items()}
    rolls = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    assert strategies == dict.fromkeys(full(DEPLOYMENTS), rolls)
    budgets = {name: item["spec"]["maxUnavailable"] for name, item in named(objects, "PodDisruptionBudget").items()}
    assert budgets == dict.fromkeys(full((DEPLOYMENTS | STATEFUL) - {"compactor"}), 1), "the compactor is a single pod"


def test_one_ingester_may_go_at_a_time_however_many_there_are() -> None:
    five = put("traces.roles.ingester.replicas", 5)
    name = "tempo-distributed-ingester"
    assert named(rendered(five), "PodDisruptionBudget")[name]["spec"]["maxUnavailable"] == 1
    values = prod(five)
    del values["ingester"]["maxUnavailable"]
    assert named(render(CHART, values), "PodDisruptionBudget")[name]["spec"]["maxUnavailable"] == 3


def test_ingesters_keep_their_wal_on_volumes_that_outlive_them() -> None:
    spec = named(rendered(), "StatefulSet")["tempo-distributed-ingester"]["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data"
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Gi"
    assert "persistentVolumeClaimRetentionPolicy" not in spec, "Kubernetes' default is to keep claims"


def test_autoscaled_roles_leave_their_replicas_to_the_charts_autoscaler() -> None:
    scaling = {"min_replicas": 2, "max_replicas": 6, "cpu_percent": 65}
    objects = rendered(
        *(drop(f"traces.roles.{role}.replicas") for role in DEPLOYMENTS),
        *(put(f"traces.roles.{role}.autoscaling", scaling) for role in DEPLOYMENTS),
    )
    assert set(named(objects, "HorizontalPodAutoscaler")) == full(DEPLOYMENTS)
    for name, scaler in named(objects, "HorizontalPodAutoscaler").items():
        assert scaler["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 6)
        target = {"type": "Utilization", "averageUtilization": 65}
        assert scaler["spec"]["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        assert "replicas" not in named(objects, "Deployment")[name]["spec"]
    assert full(DEPLOYMENTS) < set(named(objects, "PodDisruptionBudget"))


def test_every_role_goes_where_the_placement_says() -> None:
    objects = rendered(put("traces.placement", PLACEMENT))
    assert set(pods(objects)) == DEPLOYMENTS | STATEFUL
    for pod in pods(objects).values():
        assert pod["nodeSelector"] == PLACEMENT["node_selector"]
        assert pod["tolerations"] == PLACEMENT["tolerations"]
        assert pod["priorityClassName"] == "platform"
    (claim,) = named(objects, "StatefulSet")["tempo-distributed-ingester"]["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "fast"


def test_only_the_roles_that_have_a_store_are_given_the_credentials() -> None:
    values = prod()
    del values["memcached"]
    given = {name: container.get("envFrom") for name, container in containers(render(CHART, values)).items()}
    without = {name for name in given if given[name] is None}
    assert without == {"memcached", "distributor"}, "it sends spans to ingesters and has no store"
    assert {name: given[name] for name in given.keys() - without} == {
        name: [{"secretRef": {"name": "tempo-s3"}}] for name in (DEPLOYMENTS | STATEFUL) - without
    }


def test_gos_memory_limit_follows_the_limit_and_is_absent_without_one() -> None:
    env = {
        name: {entry["name"]: entry["value"] for entry in container["env"]}
        for name, container in containers(rendered()).items()
    }
    assert env["ingester"] == {"GOMEMLIMIT": "3481MiB", "GOGC": "80"}  # 85 percent of 4Gi
    assert env["querier"] == {"GOGC": "80"}
