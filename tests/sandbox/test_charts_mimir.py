"""The stand-in of chart `mimir-distributed`, rendered with the values that the program produces."""

import copy

import pytest

from telemetry.capacity.footprint import Footprint
from telemetry.capacity.pod_requests import footprint
from telemetry.config.quantities import parse_bytes, parse_cpu
from telemetry.spec.values.common import Values
from telemetry.stack import Stack
from tests.sandbox.charts import config_of, containers, named, pods, ports, render, values_of, workloads
from tests.support import load_stack, put

pytestmark = pytest.mark.sandbox

READ_BUCKETS = {"alertmanager", "compactor", "ingester", "querier", "ruler", "store-gateway"}
STATEFUL = {"alertmanager", "compactor", "ingester", "store-gateway"}


@pytest.fixture
def dev() -> Stack:
    return load_stack("dev")


@pytest.fixture
def mimir_values(dev: Stack) -> Values:
    return copy.deepcopy(values_of("mimir-distributed", dev))


def test_mimir_has_the_real_names_and_ports(dev: Stack, mimir_values: Values) -> None:
    objects = render("mimir-distributed", mimir_values)
    roles = set(dev.metrics.roles)
    assert set(named(objects, "StatefulSet")) == {f"mimir-{role}" for role in STATEFUL}
    assert set(named(objects, "Deployment")) == {f"mimir-{role}" for role in roles - STATEFUL}
    assert set(named(objects, "PodDisruptionBudget")) == {f"mimir-{role}" for role in roles}
    assert set(named(objects, "ConfigMap")) == {
        f"mimir-{name}" for name in ("config", "runtime", "gateway-nginx", "alertmanager-fallback-config")
    }
    headless = {"alertmanager", "distributor", "ingester", "query-scheduler", "store-gateway"}
    assert set(named(objects, "Service")) == {
        *(f"mimir-{role}" for role in roles | {"gossip-ring"}),
        *(f"mimir-{role}-headless" for role in headless),
    }
    assert ports(objects, "mimir-gateway") == {80, 8080}
    assert ports(objects, "mimir-alertmanager-headless") == {8080, 9095, 9094}
    assert ports(objects, "mimir-ruler") == {8080}
    assert ports(objects, "mimir-gossip-ring") == {7946}


def test_mimir_gets_the_config_that_the_settings_mean(mimir_values: Values) -> None:
    config = config_of(render("mimir-distributed", mimir_values), "mimir-config", "mimir.yaml")
    assert config["ingest_storage"]["enabled"] is False
    assert config["ingester"]["push_grpc_method_enabled"] is True
    assert config["distributor"]["remote_timeout"] == "2s"
    assert not any("key" in name for name in config["common"]["storage"]["s3"]), "keys come by the environment"
    buckets = [
        config[part]["s3"]["bucket_name"] for part in ("blocks_storage", "ruler_storage", "alertmanager_storage")
    ]
    assert buckets == ["dts-metrics-dev-blocks", "dts-metrics-dev-ruler", "dts-metrics-dev-alertmanager"]
    assert config["limits"]["compactor_blocks_retention_period"] == "168h"
    assert config["limits"]["max_total_query_length"] == "12000h", "the chart's own limits stay"
    assert config["memberlist"]["join_members"] == ["dns+mimir-gossip-ring.here.svc.cluster.local.:7946"]
    assert config["frontend"]["scheduler_address"] == "mimir-query-scheduler-headless.here.svc:9095"


def test_mimir_without_the_classic_keys_writes_to_kafka(mimir_values: Values) -> None:
    for section in ("ingest_storage", "ingester", "distributor"):
        del mimir_values["mimir"]["structuredConfig"][section]
    config = config_of(render("mimir-distributed", mimir_values), "mimir-config", "mimir.yaml")
    assert config["ingest_storage"]["enabled"] is True
    assert "address" not in config["ingest_storage"]["kafka"], "kafka.enabled: false only takes the broker away"
    assert config["ingester"]["push_grpc_method_enabled"] is False
    assert config["distributor"]["remote_timeout"] == "5s"


@pytest.mark.parametrize(
    ("part", "kind", "name", "cpu", "memory", "storage"),
    [
        ("kafka", "StatefulSet", "mimir-kafka", "1", "1Gi", "5Gi"),
        ("minio", "Deployment", "mimir-minio", "100m", "128Mi", "5Gi"),
        ("rollout_operator", "Deployment", "mimir-rollout-operator", "100m", "100Mi", None),
    ],
)
def test_a_part_that_was_not_switched_off_shows(
    mimir_values: Values, part: str, kind: str, name: str, cpu: str, memory: str, storage: str | None
) -> None:
    without = footprint(render("mimir-distributed", mimir_values))
    del mimir_values[part]
    objects = render("mimir-distributed", mimir_values)
    more = Footprint(parse_cpu(cpu), parse_bytes(memory), parse_bytes(storage) if storage else 0, pods=1)
    assert name in named(objects, kind)
    assert footprint(objects) == without + more


def test_zones_that_were_not_switched_off_become_three_workloads(mimir_values: Values) -> None:
    for role in ("ingester", "store_gateway"):
        del mimir_values[role]["zoneAwareReplication"]
    objects = render("mimir-distributed", mimir_values)
    zoned = {f"mimir-{role}-zone-{zone}" for role in ("ingester", "store-gateway") for zone in "abc"}
    assert zoned < set(named(objects, "StatefulSet"))
    config = config_of(objects, "mimir-config", "mimir.yaml")
    assert config["ingester"]["ring"]["zone_awareness_enabled"] is True


def test_only_the_roles_that_read_buckets_are_given_the_credentials(dev: Stack, mimir_values: Values) -> None:
    rendered = containers(render("mimir-distributed", mimir_values))
    secrets = {name: container.get("envFrom") for name, container in rendered.items()}
    assert {name for name, given in secrets.items() if given == [{"secretRef": {"name": "mimir-s3"}}]} == READ_BUCKETS
    assert {name for name, given in secrets.items() if not given} == set(dev.metrics.roles) - READ_BUCKETS


def test_the_store_gateways_go_memory_limit_is_its_request_until_it_is_overridden(
    dev: Stack, mimir_values: Values
) -> None:
    def limit() -> list[str]:
        env = containers(render("mimir-distributed", mimir_values))["store-gateway"]["env"]
        return [entry["value"] for entry in env if entry["name"] == "GOMEMLIMIT"]

    mimir_values["store_gateway"].pop("env", None)
    assert limit() == [str(dev.metrics.roles["store-gateway"].memory)]
    mimir_values["store_gateway"]["env"] = [{"name": "GOMEMLIMIT", "value": "1GiB"}]
    assert limit() == ["1GiB"]


def test_the_gateway_names_a_tenant_and_knows_the_routes(mimir_values: Values) -> None:
    nginx = named(render("mimir-distributed", mimir_values), "ConfigMap")["mimir-gateway-nginx"]["data"]["nginx.conf"]
    assert '"" "anonymous";' in nginx
    assert "resolver dns-default.openshift-dns.svc.cluster.local.;" in nginx
    for route in ("= /api/v1/push", "/otlp/v1/metrics", "/prometheus", "/alertmanager", "= /ready"):
        assert f"location {route} {{" in nginx


def test_a_role_whose_replicas_are_an_autoscalers_states_none() -> None:
    scaled = put("metrics.roles.querier", {"autoscaling": {}})
    deployments = named(
        render("mimir-distributed", values_of("mimir-distributed", load_stack("prod", scaled))), "Deployment"
    )
    assert "replicas" not in deployments["mimir-querier"]["spec"]
    assert deployments["mimir-distributor"]["spec"]["replicas"] == 2


def test_a_store_gateway_without_a_volume_has_an_empty_directory() -> None:
    keeps_nothing = put("metrics.roles.store-gateway", {"volume": None})
    objects = render("mimir-distributed", values_of("mimir-distributed", load_stack("dev", keeps_nothing)))
    assert "volumeClaimTemplates" not in named(objects, "StatefulSet")["mimir-store-gateway"]["spec"]
    assert {"name": "storage", "emptyDir": {}} in pods(objects)["store-gateway"]["volumes"]


def test_a_change_of_config_restarts_the_pods_and_nothing_else_does(mimir_values: Values) -> None:
    def sums() -> dict[str, str]:
        return {
            item["metadata"]["name"]: item["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
            for item in workloads(render("mimir-distributed", mimir_values))
        }

    before = sums()
    mimir_values["compactor"]["resources"]["requests"]["cpu"] = "31m"
    assert sums() == before
    mimir_values["mimir"]["structuredConfig"]["limits"]["max_global_exemplars_per_user"] = 1
    changed = {name for name, checksum in sums().items() if checksum != before[name]}
    assert changed == set(before) - {"mimir-gateway"}
