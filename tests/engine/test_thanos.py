"""Prometheus with Thanos as the metrics backend: what is registered of it, and what is not any more."""

import json
from typing import Any

import pytest
import yaml

from telemetry.capacity.figures import report
from telemetry.config.quantities import parse_bytes
from telemetry.spec.values.restarts import with_said
from tests.engine.recorder import Run, changed
from tests.support import WITH_THANOS, WITH_THANOS_IN_PROD, Change, all_of, load_stack, put, with_alerting

RELEASE, CONFIG_MAP = "kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:ConfigMap"
SERVICE, SECRET = "kubernetes:core/v1:Service", "kubernetes:core/v1:Secret"
POLICY, BUCKET = "kubernetes:networking.k8s.io/v1:NetworkPolicy", "aws:s3/bucket:Bucket"
DATASOURCE = "grafana:oss/dataSource:DataSource"
LIMITED: Change = all_of(
    WITH_THANOS_IN_PROD,
    put("namespace.requested_quota", {"cpu": "10", "memory": "40Gi", "storage": "160Gi"}),
    put("monitoring.tenant", "platform"),
    put("tenants", [{"id": "platform", "display_name": "P", "limits": {"metrics": {"max_series": 5_000}}}]),
)


@pytest.fixture(scope="module")
def dev() -> Run:
    return changed(WITH_THANOS, environment="dev", preview=True)


@pytest.fixture(scope="module")
def prod() -> Run:
    return changed(LIMITED, environment="prod", preview=True)


def values(run: Run, release: str) -> dict[str, Any]:
    found: dict[str, Any] = run.one(RELEASE, release).plain["values"]
    return found


def test_there_are_three_releases_and_none_of_another_metrics_backend(dev: Run) -> None:
    assert {each.name for each in dev.of(RELEASE)} == {"tempo", "prometheus", "thanos", "alertmanager"}
    component = dev.one("telemetry:metrics:Thanos", "thanos")
    assert {dev.one(RELEASE, each).parent for each in ("prometheus", "thanos", "alertmanager")} == {component.urn}


def test_names_that_stand_for_pods_are_there_without_a_gateway_too(dev: Run) -> None:
    twins = {each.name: each.plain["spec"] for each in dev.of(SERVICE) if each.name.startswith("thanos-")}
    assert twins.keys() == {"thanos-query-pods", "thanos-receive-router-pods"}
    assert {each["clusterIP"] for each in twins.values()} == {"None"}


def test_it_has_one_bucket_and_one_key(dev: Run) -> None:
    assert [each.name for each in dev.of(BUCKET) if "metrics" in each.name] == ["dts-metrics-dev-blocks"]
    assert dev.one(SECRET, "thanos-s3")
    text = dev.one(SECRET, "thanos-objstore").plain["stringData"]["objstore.yml"]
    written = yaml.safe_load(text)
    assert (written["prefix"], written["config"]["bucket"]) == ("thanos/blocks", "dts-metrics-dev-blocks")
    assert not {"access_key", "secret_key"} & written["config"].keys()
    sidecar = values(dev, "prometheus")["server"]["sidecarContainers"]["thanos-sidecar"]
    assert f"--objstore.config={text}" in sidecar["args"]


def test_every_workload_is_policed(prod: Run) -> None:
    names = {each.name for each in prod.of(POLICY)}
    roles = ("query", "store-gateway", "compact", "receive-router", "receive-ingestor", "rule")
    assert {"prometheus-server", "alertmanager", *(f"thanos-{role}" for role in roles)} <= names
    closed = prod.one(POLICY, "telemetry-default-deny").plain["spec"]["podSelector"]["matchExpressions"]
    assert all({"prometheus", "thanos", "alertmanager"} <= set(each["values"]) for each in closed)


def test_alertmanagers_gossip_over_both_protocols(prod: Run) -> None:
    rules = prod.one(POLICY, "alertmanager").plain["spec"]["ingress"]
    ports = [{(port["port"], port["protocol"]) for port in rule["ports"]} for rule in rules]
    assert {(9094, "TCP"), (9094, "UDP")} in ports


def test_samples_of_other_backends_go_to_receive(dev: Run) -> None:
    rules = dev.one(POLICY, "tempo").plain["spec"]["egress"]
    assert [{"port": 19291, "protocol": "TCP"}] in [rule["ports"] for rule in rules]
    assert "http://thanos-receive-router.ca7f8f-dev.svc" in json.dumps(values(dev, "tempo"))


def test_the_gateway_passes_the_same_paths_on_to_other_targets(prod: Run) -> None:
    text = prod.one(CONFIG_MAP, "gateway").plain["data"]["nginx.conf"]
    for passed in (
        "http://$metrics_push/api/v1/receive",
        "http://$metrics_push/api/v1/otlp",
        "http://$metrics_query/api/v1/query_range",
        "http://$metrics_query/api/v1/label/$rest",
    ):
        assert passed in text
    assert "query_exemplars" not in text
    assert text.count("return 415") == 1
    assert {each.name for each in prod.of(SERVICE)} >= {"thanos-query-pods", "thanos-receive-router-pods"}


def test_tenants_are_enforced_and_limited(prod: Run) -> None:
    thanos = values(prod, "thanos")
    assert "--query.enforce-tenancy" in thanos["query"]["extraArgs"]
    assert "--query.default-tenant-id=platform" in thanos["query"]["extraArgs"]
    assert values(prod, "prometheus")["server"]["global"]["external_labels"]["tenant_id"] == "platform"
    limits = yaml.safe_load(prod.one(CONFIG_MAP, "thanos-limits").plain["data"]["limits.yaml"])["write"]
    assert limits["tenants"]["platform"]["head_series_limit"] == 5_000
    assert limits["global"]["meta_monitoring_url"] == "http://thanos-query.ca7f8f-prod.svc:10902"


def test_without_limits_there_is_no_file_of_them(dev: Run) -> None:
    assert [each.name for each in dev.of(CONFIG_MAP) if each.name == "thanos-limits"] == []
    assert "limits-config" not in json.dumps(values(dev, "thanos"))


def test_the_ruler_has_the_rules_unless_an_operator_has_them(dev: Run) -> None:
    groups = dev.one(CONFIG_MAP, "thanos-rules").plain["data"]
    assert "ThanosCompactorHalted" in groups["telemetry-thanos.yaml"]
    assert {"telemetry-tempo.yaml", "telemetry-slo.yaml"} <= groups.keys()
    operator = put("monitoring.rules", "prometheus-rule")
    there = changed(all_of(WITH_THANOS, operator), environment="dev", preview=True)
    assert there.one(CONFIG_MAP, "thanos-rules").plain["data"] == {}


def test_the_ruler_starts_anew_with_other_rules_and_nobody_else_does(dev: Run) -> None:
    often, finely = put("monitoring.evaluation_interval", 15), put("metrics.downsampling", False)
    others = [changed(all_of(WITH_THANOS, each), environment="dev", preview=True) for each in (often, finely)]
    before, rules, same = (values(run, "thanos") for run in (dev, *others))
    digests = [each["rule"]["podAnnotations"]["telemetry/rules"] for each in (before, rules, same)]
    assert digests[0] == digests[2] != digests[1]
    assert "unknown" not in digests
    assert with_said(rules, "telemetry/rules", digests[0]) == before


def test_replicas_are_one_where_they_are_read_and_told_apart_where_they_are_kept(prod: Run) -> None:
    thanos, prometheus = values(prod, "thanos"), values(prod, "prometheus")
    assert prometheus["server"]["replicaCount"] == 2
    assert "--query.replica-label=prometheus_replica" in thanos["query"]["extraArgs"]
    assert "additionalReplicaLabels" not in thanos, "the compactor would join two scrapes for good"
    assert thanos["compact"]["deduplication"]["enabled"] is True
    assert thanos["receive"]["router"]["podAnnotations"]["telemetry/ingestors"] == "3"


def test_retention_is_the_compactors_by_resolution() -> None:
    change = all_of(WITH_THANOS, put("metrics.retention", "30d"), put("metrics.retention_1h", "730d"))
    arguments = values(changed(change, environment="dev", preview=True), "thanos")["compact"]["extraArgs"]
    assert arguments == [
        "--retention.resolution-raw=720h",
        "--retention.resolution-5m=720h",
        "--retention.resolution-1h=17520h",
    ]


def test_people_are_told_by_alertmanager_without_a_password_in_it() -> None:
    run = changed(all_of(WITH_THANOS, with_alerting), environment="dev", preview=True)
    alertmanager = values(run, "alertmanager")
    assert alertmanager["config"]["route"]["receiver"] == "mail"
    assert alertmanager["extraVolumeMounts"][0]["mountPath"] == "/etc/telemetry-alerting"
    assert "am0-fake" not in json.dumps(alertmanager)
    (shown,) = [each.plain for each in run.of(DATASOURCE) if each.plain["type"] == "alertmanager"]
    assert shown["url"] == "http://alertmanager.ca7f8f-dev.svc.cluster.local.:9093"
    assert json.loads(shown["jsonDataEncoded"])["implementation"] == "prometheus"


def test_grafana_reads_thanos(dev: Run) -> None:
    (shown,) = [each.plain for each in dev.of(DATASOURCE) if each.plain["type"] == "prometheus"]
    assert (shown["uid"], shown["url"]) == ("thanos-dev", "http://thanos-query.ca7f8f-dev.svc.cluster.local.:10902")
    settings = json.loads(shown["jsonDataEncoded"])
    assert (settings["prometheusType"], settings["timeInterval"]) == ("Thanos", "30s")


def test_prod_has_the_sizes_of_its_table() -> None:
    """2.7 cores and 12.5 GB are the table's, with Loki, Grafana and Alloy; these are its rows of metrics."""
    planned = {
        "prometheus": (2, 100, "1500Mi", "3Gi"),
        "query": (2, 200, "512Mi", None),
        "store-gateway": (2, 200, "1Gi", "10Gi"),
        "compact": (1, 500, "2Gi", "20Gi"),
        "alertmanager": (2, 25, "100Mi", "10Gi"),
    }
    rows = {
        row.role: row.size for row in report(load_stack("prod", WITH_THANOS_IN_PROD)).rows if row.backend == "Thanos"
    }
    for role, (replicas, cpu, memory, volume) in planned.items():
        size = rows[role]
        assert (size.replicas, size.cpu, size.memory) == (replicas, cpu, parse_bytes(memory))
        assert size.volume == (None if volume is None else parse_bytes(volume))
