"""The stand-in of chart `loki`, rendered with the values that the program produces, and with its own defaults."""

import copy

import pytest

from telemetry.capacity.footprint import of_roles
from telemetry.capacity.pod_requests import footprint
from telemetry.spec.values.common import Values
from tests.sandbox.charts import config_of, containers, named, pods, ports, render, run_helm, values_of
from tests.support import WITH_LOGS, WITH_LOGS_IN_PROD, Change, load_stack, put

pytestmark = pytest.mark.sandbox

APART = ("read", "write", "backend")
HARD = "requiredDuringSchedulingIgnoredDuringExecution"


def dev(*changes: Change) -> Values:
    return copy.deepcopy(values_of("loki", load_stack("dev", WITH_LOGS, *changes)))


def prod(*changes: Change) -> Values:
    return copy.deepcopy(values_of("loki", load_stack("prod", WITH_LOGS_IN_PROD, *changes)))


def refused(values: Values) -> str:
    done = run_helm("loki", values)
    assert done.returncode != 0
    return done.stderr


def test_one_binary_has_the_real_names_and_ports() -> None:
    objects = render("loki", dev())
    assert set(named(objects, "StatefulSet")) == {"loki"}
    assert set(named(objects, "Service")) == {"loki", "loki-headless", "loki-memberlist"}
    assert set(named(objects, "ConfigMap")) == {"loki", "loki-runtime"}
    assert set(named(objects, "ServiceAccount")) == {"loki", "loki-memcached"}
    assert ports(objects, "loki") == {3100, 9095, 9096}
    claims = named(objects, "StatefulSet")["loki"]["spec"]["volumeClaimTemplates"]
    assert [claim["metadata"]["name"] for claim in claims] == ["storage"]


def test_apart_it_has_the_real_names_and_ports_and_budgets() -> None:
    objects = render("loki", prod())
    assert set(named(objects, "StatefulSet")) == {"loki-write", "loki-backend"}
    assert set(named(objects, "Deployment")) == {"loki-read"}
    twins = {f"loki-{role}{suffix}" for role in APART for suffix in ("", "-headless")}
    assert set(named(objects, "Service")) == twins | {"loki-memberlist", "loki-query-scheduler-discovery"}
    budgets = named(objects, "PodDisruptionBudget")
    assert {name: each["spec"]["maxUnavailable"] for name, each in budgets.items()} == {f"loki-{r}": 1 for r in APART}
    retention = {name: "persistentVolumeClaimRetentionPolicy" in each["spec"] for name, each in
                 named(objects, "StatefulSet").items()}  # fmt: skip
    assert retention == {"loki-write": False, "loki-backend": False}


def test_it_gets_the_config_that_the_settings_mean() -> None:
    config = config_of(render("loki", prod()), "loki", "config.yaml")
    assert config["auth_enabled"] is True
    assert config["common"]["replication_factor"] == 1
    assert config["common"]["storage"]["s3"]["bucketnames"] == "dts-logs-prod-chunks"
    assert config["ruler"]["storage"]["s3"]["bucketnames"] == "dts-logs-prod-ruler"
    assert config["limits_config"]["retention_period"] == "2160h"
    assert config["limits_config"]["reject_old_samples"] is True  # the chart's own stay
    assert config["compactor"] == {"delete_request_store": "s3", "retention_enabled": True}
    assert config["analytics"] == {"reporting_enabled": False}


def test_a_tenants_limits_restart_nothing() -> None:
    def checksums(values: Values) -> set[str]:
        templates = [each["spec"]["template"] for kind in ("Deployment", "StatefulSet")
                     for each in named(render("loki", values), kind).values()]  # fmt: skip
        return {each["metadata"]["annotations"]["checksum/config"] for each in templates}

    more = put("tenants", [{"id": "platform", "display_name": "P", "limits": {"logs": {"max_streams": 9}}}])
    assert checksums(prod()) == checksums(prod(more))
    assert checksums(prod()) != checksums(prod(put("logs.retention", "30d")))


def test_no_role_is_kept_off_a_node_by_its_like() -> None:
    assert [name for name, pod in pods(render("loki", prod())).items() if "affinity" in pod] == []
    values = prod()
    del values["write"]["affinity"]
    assert HARD in pods(render("loki", values))["write"]["affinity"]["podAntiAffinity"]


def test_what_was_not_switched_off_shows() -> None:
    extras = {"gateway": "Deployment", "chunksCache": "StatefulSet", "resultsCache": "StatefulSet"}
    for name, kind in extras.items():
        values = dev()
        del values[name]
        assert len(named(render("loki", values), kind)) > len(named(render("loki", dev()), kind)), name
    values = dev()
    del values["sidecar"]
    assert "loki-sc-rules" in containers(render("loki", values))
    values = dev()
    del values["rbac"]
    assert named(render("loki", values), "ClusterRole")


def test_its_traps_are_the_real_ones() -> None:
    values = dev()
    del values["lokiCanary"], values["test"]
    assert named(render("loki", values), "DaemonSet")  # a pod on every node
    values["lokiCanary"] = {"enabled": False}
    assert "requires the Loki Canary" in refused(values)
    values = prod()
    values["singleBinary"]["replicas"] = 1
    assert "more than zero replicas" in refused(values)
    values = dev()
    del values["loki"]["schemaConfig"]
    assert "You must provide a schema_config" in refused(values)
    values = dev()
    del values["loki"]["storage"]["bucketNames"]
    assert "loki.storage.bucketNames.chunks" in refused(values)


def test_a_probe_among_the_defaults_would_take_the_place_of_the_charts() -> None:
    values = dev()
    values["defaults"]["readinessProbe"] = {"httpGet": {"scheme": "HTTPS"}}
    assert containers(render("loki", values))["loki"]["readinessProbe"] == {"httpGet": {"scheme": "HTTPS"}}


def test_readers_that_are_an_autoscalers_state_no_replicas() -> None:
    stack = load_stack("prod", WITH_LOGS_IN_PROD, put("logs.roles.read", {"autoscaling": {"max_replicas": 4}}))
    objects = render("loki", values_of("loki", stack))
    assert "replicas" not in named(objects, "Deployment")["loki-read"]["spec"]
    assert named(objects, "HorizontalPodAutoscaler")["loki-read"]["spec"]["maxReplicas"] == 4
    assert stack.logs is not None
    assert footprint(objects, at_most=True) == of_roles(stack.logs.roles.values(), at_most=True)
