"""The stand-in charts, rendered by the real helm with the values that the program produces for dev."""

import copy
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from helm import mimir, tempo
from helm.common import Values
from sandbox.toolchain import Toolchain
from settings import Stack
from settings.quantities import parse_bytes, parse_cpu
from sizing.footprint import Footprint, of_roles

pytestmark = pytest.mark.sandbox

REPO = Path(__file__).parents[2]
READ_BUCKETS = {"alertmanager", "compactor", "ingester", "querier", "ruler", "store-gateway"}
OTHERS = {"distributor", "query-frontend", "query-scheduler", "gateway"}

Object = dict[str, Any]
Render = Callable[..., list[Object]]


@pytest.fixture(scope="session")
def helm() -> Path:
    toolchain = Toolchain()
    toolchain.ensure(["helm"])
    return toolchain.path("helm")


@pytest.fixture
def render(helm: Path) -> Render:
    def rendered(chart: str, values: Values, release: str = "") -> list[Object]:
        command = [str(helm), "template", release or chart.removesuffix("-distributed")]
        command += [
            str(REPO / "sandbox" / "charts" / chart),
            "--kube-version",
            "1.36.3",
            "--namespace",
            "here",
            "-f",
            "-",
        ]
        done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [item for item in yaml.safe_load_all(done.stdout) if item]

    return rendered


@pytest.fixture
def dev() -> Stack:
    config = yaml.safe_load((REPO / "Pulumi.dev.yaml").read_text())["config"]
    own = {key.removeprefix("telemetry:"): value for key, value in config.items() if key.startswith("telemetry:")}
    own.pop("credentials", None)
    return Stack.model_validate_json(json.dumps(own))


@pytest.fixture
def tempo_values(dev: Stack) -> Values:
    return tempo.values(dev, secret_name="tempo-s3", remote_write_url="http://mimir-gateway.here.svc/api/v1/push")


@pytest.fixture
def mimir_values(dev: Stack) -> Values:
    return copy.deepcopy(mimir.values(dev, secret_name="mimir-s3"))


def named(objects: list[Object], kind: str) -> dict[str, Object]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def workloads(objects: list[Object]) -> Iterator[Object]:
    return (item for item in objects if item["kind"] in ("Deployment", "StatefulSet"))


def containers(objects: list[Object]) -> dict[str, Object]:
    return {
        container["name"]: container
        for item in workloads(objects)
        for container in item["spec"]["template"]["spec"]["containers"]
    }


def footprint(objects: list[Object]) -> Footprint:
    total = Footprint()
    claims = list(named(objects, "PersistentVolumeClaim").values())
    for item in workloads(objects):
        replicas = item["spec"]["replicas"]
        claims += replicas * item["spec"].get("volumeClaimTemplates", [])
        for container in item["spec"]["template"]["spec"]["containers"]:
            asked = container["resources"]["requests"]
            one = Footprint(cpu=parse_cpu(asked["cpu"]), memory=parse_bytes(asked["memory"]))
            total = sum(replicas * [one], total)
        total += Footprint(pods=replicas)
    sizes = [parse_bytes(claim["spec"]["resources"]["requests"]["storage"]) for claim in claims]
    return total + Footprint(storage=sum(sizes))


def config_of(objects: list[Object], name: str, key: str) -> Any:
    return yaml.safe_load(named(objects, "ConfigMap")[name]["data"][key])


def ports(objects: list[Object], service: str) -> set[int]:
    return {port["port"] for port in named(objects, "Service")[service]["spec"]["ports"]}


def test_both_charts_ask_for_exactly_what_the_settings_say(
    render: Render, dev: Stack, tempo_values: Values, mimir_values: Values
) -> None:
    assert footprint(render("tempo", tempo_values)) == of_roles(dev.traces.roles.values())
    assert footprint(render("mimir-distributed", mimir_values)) == of_roles(dev.metrics.roles.values())


def test_limits_are_the_settings_memory_limits_and_nothing_else(
    render: Render, dev: Stack, tempo_values: Values, mimir_values: Values
) -> None:
    roles = {"tempo": dev.traces.roles["all"], **dev.metrics.roles}
    rendered = containers(render("tempo", tempo_values) + render("mimir-distributed", mimir_values))
    limits = {name: container["resources"].get("limits", {}) for name, container in rendered.items()}
    assert {name: set(limit) for name, limit in limits.items() if limit} == {
        "tempo": {"memory"},
        "ingester": {"memory"},
        "store-gateway": {"memory"},
    }
    for name, limit in limits.items():
        assert not limit or parse_bytes(limit["memory"]) == roles[name].memory_limit


def test_tempo_has_the_real_names_and_ports(render: Render, tempo_values: Values) -> None:
    objects = render("tempo", tempo_values)
    assert {(item["kind"], item["metadata"]["name"]) for item in objects} == {
        (kind, "tempo") for kind in ("StatefulSet", "Service", "ConfigMap", "ServiceAccount")
    }
    claims = named(objects, "StatefulSet")["tempo"]["spec"]["volumeClaimTemplates"]
    assert [claim["metadata"]["name"] for claim in claims] == ["storage"]
    assert {3200, 4317, 4318, 9411} <= ports(objects, "tempo")
    assert 14250 not in ports(objects, "tempo")
    assert {3200, 4317, 4318, 14250, 14268, 6831, 6832, 9411, 55680, 55681} == ports(render("tempo", {}), "tempo")


def test_tempo_names_its_config_after_the_chart_and_the_rest_after_the_release(render: Render) -> None:
    objects = render("tempo", {}, release="traces")
    assert set(named(objects, "ConfigMap")) == {"tempo"}
    assert set(named(objects, "StatefulSet")) == {"traces-tempo"}


def test_tempo_gets_the_config_that_the_settings_mean(render: Render, tempo_values: Values) -> None:
    config = config_of(render("tempo", tempo_values), "tempo", "tempo.yaml")
    assert config["compactor"]["compaction"]["block_retention"] == "72h"
    assert config["storage"]["trace"]["backend"] == "s3"
    assert config["storage"]["trace"]["s3"]["bucket"] == "dts-traces-dev-blocks"
    assert "secret_key" not in config["storage"]["trace"]["s3"]
    assert config["usage_report"] == {"reporting_enabled": False}
    assert set(config["distributor"]["receivers"]["jaeger"]["protocols"]) == {"thrift_http"}
    write = config["metrics_generator"]["storage"]["remote_write"]
    assert [target["url"] for target in write] == ["http://mimir-gateway.here.svc/api/v1/push"]


def test_tempo_without_a_jaeger_section_does_not_render(helm: Path, tempo_values: Values) -> None:
    tempo_values["tempo"]["receivers"]["jaeger"] = None
    command = [str(helm), "template", "tempo", str(REPO / "sandbox" / "charts" / "tempo"), "-f", "-"]
    done = subprocess.run(command, input=json.dumps(tempo_values), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "nil pointer evaluating interface {}.protocols" in done.stderr


def test_tempo_by_default_asks_for_nothing_keeps_nothing_and_has_a_ballast(render: Render) -> None:
    objects = render("tempo", {})
    container = containers(objects)["tempo"]
    assert container["resources"] == {}
    assert "-mem-ballast-size-mbs=1024" in container["args"]
    assert "volumeClaimTemplates" not in named(objects, "StatefulSet")["tempo"]["spec"]


def test_mimir_has_the_real_names_and_ports(render: Render, mimir_values: Values) -> None:
    objects = render("mimir-distributed", mimir_values)
    stateful = {"alertmanager", "compactor", "ingester", "store-gateway"}
    assert set(named(objects, "StatefulSet")) == {f"mimir-{role}" for role in stateful}
    assert set(named(objects, "Deployment")) == {f"mimir-{role}" for role in (READ_BUCKETS | OTHERS) - stateful}
    assert set(named(objects, "PodDisruptionBudget")) == {f"mimir-{role}" for role in READ_BUCKETS | OTHERS}
    assert set(named(objects, "ConfigMap")) == {
        f"mimir-{name}" for name in ("config", "runtime", "gateway-nginx", "alertmanager-fallback-config")
    }
    headless = {"alertmanager", "distributor", "ingester", "query-scheduler", "store-gateway"}
    assert set(named(objects, "Service")) == {
        *(f"mimir-{role}" for role in READ_BUCKETS | OTHERS | {"gossip-ring"}),
        *(f"mimir-{role}-headless" for role in headless),
    }
    assert ports(objects, "mimir-gateway") == {80, 8080}
    assert ports(objects, "mimir-alertmanager-headless") == {8080, 9095, 9094}
    assert ports(objects, "mimir-ruler") == {8080}
    assert ports(objects, "mimir-gossip-ring") == {7946}


def test_mimir_gets_the_config_that_the_settings_mean(render: Render, mimir_values: Values) -> None:
    config = config_of(render("mimir-distributed", mimir_values), "mimir-config", "mimir.yaml")
    assert config["ingest_storage"]["enabled"] is False
    assert config["ingester"]["push_grpc_method_enabled"] is True
    assert config["distributor"]["remote_timeout"] == "2s"
    assert config["common"]["storage"]["s3"]["secret_access_key"] == "${AWS_SECRET_ACCESS_KEY}"
    buckets = [
        config[part]["s3"]["bucket_name"] for part in ("blocks_storage", "ruler_storage", "alertmanager_storage")
    ]
    assert buckets == ["dts-metrics-dev-blocks", "dts-metrics-dev-ruler", "dts-metrics-dev-alertmanager"]
    assert config["limits"]["compactor_blocks_retention_period"] == "168h"
    assert config["limits"]["max_total_query_length"] == "12000h", "the chart's own limits stay"
    assert config["memberlist"]["join_members"] == ["dns+mimir-gossip-ring.here.svc.cluster.local.:7946"]
    assert config["frontend"]["scheduler_address"] == "mimir-query-scheduler-headless.here.svc:9095"


def test_mimir_without_the_classic_keys_writes_to_kafka(render: Render, mimir_values: Values) -> None:
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
        ("overrides_exporter", "Deployment", "mimir-overrides-exporter", "100m", "128Mi", None),
    ],
)
def test_a_part_that_was_not_switched_off_shows(
    render: Render, mimir_values: Values, part: str, kind: str, name: str, cpu: str, memory: str, storage: str | None
) -> None:
    without = footprint(render("mimir-distributed", mimir_values))
    del mimir_values[part]
    objects = render("mimir-distributed", mimir_values)
    more = Footprint(parse_cpu(cpu), parse_bytes(memory), parse_bytes(storage) if storage else 0, pods=1)
    assert name in named(objects, kind)
    assert footprint(objects) == without + more


def test_zones_that_were_not_switched_off_become_three_workloads(render: Render, mimir_values: Values) -> None:
    for role in ("ingester", "store_gateway"):
        del mimir_values[role]["zoneAwareReplication"]
    objects = render("mimir-distributed", mimir_values)
    zoned = {f"mimir-{role}-zone-{zone}" for role in ("ingester", "store-gateway") for zone in "abc"}
    assert zoned < set(named(objects, "StatefulSet"))
    config = config_of(objects, "mimir-config", "mimir.yaml")
    assert config["ingester"]["ring"]["zone_awareness_enabled"] is True


def test_only_the_roles_that_read_buckets_are_given_the_credentials(render: Render, mimir_values: Values) -> None:
    rendered = containers(render("mimir-distributed", mimir_values))
    secrets = {name: container.get("envFrom") for name, container in rendered.items()}
    assert {name for name, given in secrets.items() if given == [{"secretRef": {"name": "mimir-s3"}}]} == READ_BUCKETS
    assert {name for name, given in secrets.items() if not given} == OTHERS


def test_the_store_gateways_go_memory_limit_is_its_request_until_it_is_overridden(
    render: Render, dev: Stack, mimir_values: Values
) -> None:
    def limit() -> list[str]:
        env = containers(render("mimir-distributed", mimir_values))["store-gateway"]["env"]
        return [entry["value"] for entry in env if entry["name"] == "GOMEMLIMIT"]

    mimir_values["store_gateway"].pop("env", None)
    assert limit() == [str(dev.metrics.roles["store-gateway"].memory)]
    mimir_values["store_gateway"]["env"] = [{"name": "GOMEMLIMIT", "value": "1GiB"}]
    assert limit() == ["1GiB"]


def test_the_gateway_names_a_tenant_and_knows_the_routes(render: Render, mimir_values: Values) -> None:
    nginx = named(render("mimir-distributed", mimir_values), "ConfigMap")["mimir-gateway-nginx"]["data"]["nginx.conf"]
    assert '"" "anonymous";' in nginx
    assert "resolver dns-default.openshift-dns.svc.cluster.local.;" in nginx
    for route in ("= /api/v1/push", "/otlp/v1/metrics", "/prometheus", "/alertmanager", "= /ready"):
        assert f"location {route} {{" in nginx


def test_a_change_of_config_restarts_the_pods_and_nothing_else_does(render: Render, mimir_values: Values) -> None:
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
