"""Loki where it is asked for: what it adds to a stack, and that it adds nothing where it is not."""

from typing import Any

import pytest

from telemetry.backends.loki import values as loki
from telemetry.capacity.figures import Scenario, report
from telemetry.capacity.fit import check
from telemetry.gateway.addresses import client_endpoints
from telemetry.gateway.secrets import upstreams
from telemetry.network.flows import flows_of
from telemetry.network.peers import workloads_of
from telemetry.network.policies import policies_of
from telemetry.object_store.identities import identities_of
from telemetry.releases import releases_of
from telemetry.spec.flows import Pods
from telemetry.spec.values.s3_key import digest_in
from telemetry.stack import Stack
from tests.support import (
    ENVIRONMENTS,
    WITH_LOGS,
    WITH_LOGS_IN_PROD,
    Change,
    all_of,
    credentials,
    drop,
    load_stack,
    put,
)

SHAPES: dict[str, Change] = {"dev": WITH_LOGS, "test": WITH_LOGS, "prod": WITH_LOGS_IN_PROD}
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
BACKEND = ("Read", "Write", "List", "Tagging")
APART = ("read", "write", "backend")


def with_logs(environment: str, *changes: Change) -> Stack:
    return load_stack(environment, SHAPES[environment], *changes)


def values(environment: str, *changes: Change) -> dict[str, Any]:
    return loki.values(with_logs(environment, *changes).backend("logs").context)


@each_environment
def test_it_is_off_unless_it_is_asked_for(environment: str) -> None:
    stack = load_stack(environment)
    assert stack.logs is None
    assert "loki" not in {each.name for each in releases_of(stack)}
    assert "logs" not in identities_of(stack)
    assert not [bucket for bucket in stack.buckets if "logs" in bucket]
    assert not [pods for pods in workloads_of(stack) if pods.app == "loki"]
    assert "loki" not in str(policies_of(stack))
    assert "logs_push" not in upstreams(stack)
    assert "logs" not in stack.signals


@each_environment
def test_its_buckets_follow_the_convention_and_its_identity_reaches_nothing_else(environment: str) -> None:
    stack = with_logs(environment)
    own = tuple(f"dts-logs-{environment}-{purpose}" for purpose in ("chunks", "ruler", "admin"))
    assert tuple(stack.backend("logs").buckets.values()) == own == stack.buckets[-3:]
    identity = identities_of(stack)["logs"]
    assert (identity.name, identity.verbs, identity.buckets) == (f"telemetry-{environment}-logs", BACKEND, own)


@each_environment
def test_every_pod_says_which_key_it_uses(environment: str) -> None:
    (release,) = (each for each in releases_of(with_logs(environment)) if each.name == "loki")
    identity = credentials().logs
    assert identity is not None
    assert digest_in(release.values) == "unknown"
    assert digest_in(release.with_key(identity).values) not in (None, "unknown")


def test_prod_has_two_of_each_role_with_volumes_where_data_is() -> None:
    found = values("prod")
    assert found["deploymentMode"] == "SimpleScalable"
    assert {role: found[role]["replicas"] for role in APART} == dict.fromkeys(APART, 2)
    assert {role for role in APART if "persistence" in found[role]} == {"write", "backend"}
    assert found["backend"]["persistence"]["enableStatefulSetAutoDeletePVC"] is False
    assert found["singleBinary"] == {"replicas": 0}
    assert {role for role in APART if "limits" in found[role]["resources"]} == {"write"}


@pytest.mark.parametrize("environment", ["dev", "test"])
def test_dev_and_test_have_one_process(environment: str) -> None:
    found = values(environment)
    assert found["deploymentMode"] == "Monolithic"
    assert [found[role] for role in APART] == [{"replicas": 0}] * 3
    assert found["singleBinary"]["terminationGracePeriodSeconds"] == 300  # it is a writer too, and has to flush


@each_environment
def test_nothing_that_the_chart_adds_by_itself_is_on(environment: str) -> None:
    found = values(environment)
    extras = ("gateway", "chunksCache", "resultsCache", "lokiCanary", "test", "minio", "rollout_operator")
    assert {name: found[name]["enabled"] for name in extras} == dict.fromkeys(extras, False)
    assert found["sidecar"] == {"rules": {"enabled": False}}
    tokens = [found["serviceAccount"], found["defaults"], *([found["backend"]] if environment == "prod" else [])]
    assert [each["automountServiceAccountToken"] for each in tokens] == [False] * len(tokens)


@each_environment
def test_lines_go_after_ninety_days_and_the_compactor_deletes_them(environment: str) -> None:
    config = values(environment)["loki"]
    assert config["limits_config"]["retention_period"] == "2160h"
    assert config["compactor"] == {"retention_enabled": True, "delete_request_store": "s3"}
    (schema,) = config["schemaConfig"]["configs"]
    assert (schema["store"], schema["schema"], schema["object_store"]) == ("tsdb", "v13", "s3")


@each_environment
def test_no_secret_is_in_its_values(environment: str) -> None:
    s3 = values(environment)["loki"]["storage"]["s3"]
    assert not {"accessKeyId", "secretAccessKey"} & s3.keys()  # its client finds them in the environment
    assert "fake" not in str(values(environment))


def test_caches_are_no_larger_than_an_eighth_of_the_smallest_request() -> None:
    assert values("prod")["loki"]["structuredConfig"]["chunk_store_config"] == {
        "chunk_cache_config": {"embedded_cache": {"enabled": True, "max_size_mb": 32}}
    }


def test_a_tenant_has_its_own_limits_and_retention() -> None:
    limits = {"ingestion_rate": "512Ki", "burst": "3Mi", "max_streams": 9, "max_query_length": "7d"}
    tenants = [
        {"id": "a", "display_name": "A", "limits": {"logs": limits}, "retention": {"logs": "14d"}},
        {"id": "b", "display_name": "B"},
    ]
    config = values("prod", put("tenants", tenants))["loki"]
    assert config["auth_enabled"] is True
    assert config["querier"] == {"multi_tenant_queries_enabled": True}
    assert config["runtimeConfig"]["overrides"] == {
        "a": {
            "ingestion_rate_mb": 0.5,
            "ingestion_burst_size_mb": 3,
            "max_global_streams_per_user": 9,
            "max_query_length": "168h",
            "retention_period": "336h",
        },
        "b": {"ingestion_rate_mb": 4, "ingestion_burst_size_mb": 6, "max_global_streams_per_user": 5000},
    }


def test_without_tenants_it_asks_for_no_name() -> None:
    config = values("dev")["loki"]
    assert config["auth_enabled"] is False
    assert "runtimeConfig" not in config


@each_environment
def test_the_report_has_it_beyond_the_plan(environment: str) -> None:
    figures, before = report(with_logs(environment)), report(load_stack(environment))
    rows = [row for row in figures.rows if row.backend == "Loki"]
    assert {row.in_plan for row in rows} == {False}
    assert figures.total - before.total == figures.backends["Loki"]
    assert {line.new for line in figures.lines} == {line.new for line in before.lines}


def test_prod_has_room_for_it_in_the_requested_quota_with_phase_3_as_well() -> None:
    stack = with_logs("prod")
    figures = report(stack)
    assert (figures.backends["Loki"].cpu, figures.backends["Loki"].memory) == (600, 1536 * 2**20)  # R7
    assert figures.fits(Scenario.WITH_PHASE_3, "requested") is True
    assert check(stack).refusals == ()


def test_clients_are_sent_to_the_gateway_or_to_its_services() -> None:
    behind, direct = (client_endpoints(with_logs(each).backend("logs")) for each in ("prod", "dev"))
    assert behind == (
        "https://gateway.ca7f8f-prod.svc/loki/api/v1/push",
        "https://gateway.ca7f8f-prod.svc/otlp/v1/logs",
        "https://gateway.ca7f8f-prod.svc",
    )
    assert direct.otlp_http == "http://loki.ca7f8f-dev.svc:3100/otlp/v1/logs"
    there = upstreams(with_logs("prod"))
    assert there["logs_push"] == "loki-write-headless.ca7f8f-prod.svc.cluster.local:3100"
    assert there["logs_query"] == "loki-read-headless.ca7f8f-prod.svc.cluster.local:3100"


def test_who_sends_lines_does_not_reach_the_backend_and_nobody_reaches_writers_but_by_the_gateway() -> None:
    flows = flows_of(with_logs("prod"))
    into = {
        role: {source.name for flow in flows for source in flow.sources if Pods("loki", "loki", role) in flow.targets}
        for role in APART
    }
    loki_itself = {f"loki-{role}" for role in APART}
    assert into["backend"] == loki_itself | {"monitoring"}
    assert into["read"] == into["write"] == loki_itself | {"monitoring", "gateway"}


def test_the_default_of_denial_knows_its_pods_only_where_it_is_ours() -> None:
    def names(stack: Stack) -> list[str]:
        (of_apps, _) = policies_of(stack)["telemetry-default-deny"]["podSelector"]["matchExpressions"]
        return list(of_apps["values"])

    assert names(with_logs("prod")) == [*names(load_stack("prod")), "loki"]


def test_it_is_served_with_tls_where_the_backends_are() -> None:
    store = put("object_store.endpoint", "https://seaweedfs-s3.tools.svc:8333")
    config = values("prod", put("gateway.backend_tls", {}), put("object_store.ca_secret", "ours"), store)["loki"]
    assert config["server"]["http_tls_config"]["cert_file"] == "/etc/backends-tls/tls.crt"
    assert config["storage"]["s3"]["http_config"] == {"ca_file": "/etc/object-store-ca/ca.crt"}
    assert {config[probe]["httpGet"]["scheme"] for probe in ("livenessProbe", "readinessProbe")} == {"HTTPS"}


def test_three_writers_and_a_factor_of_three_need_no_leave() -> None:
    strong = all_of(
        drop("logs.accept_no_failure_tolerance"),
        put("logs.replication_factor", 3),
        put("logs.roles.write.replicas", 3),
    )
    logs = with_logs("prod", strong).logs
    assert logs is not None
    assert logs.survives_a_lost_writer


def test_readers_may_scale_by_other_metrics_than_cpu() -> None:
    """The chart's template takes them of every role, though its values.yaml has the key for some."""
    waiting = {"type": "external", "name": "queries-waiting", "labels": {"of": "loki"}, "average_value": 2}
    scaled = put("logs.roles.read", {"autoscaling": {"cpu_percent": None, "metrics": [waiting]}})
    scaling = values("prod", scaled)["read"]["autoscaling"]
    assert scaling["targetCPUUtilizationPercentage"] is None
    assert scaling["customMetrics"] == [
        {
            "type": "External",
            "external": {
                "metric": {"name": "queries-waiting", "selector": {"matchLabels": {"of": "loki"}}},
                "target": {"type": "AverageValue", "averageValue": "2"},
            },
        }
    ]


def test_readers_may_be_an_autoscalers_and_are_spread_at_their_most() -> None:
    scaled = put("logs.roles.read", {"autoscaling": {"max_replicas": 4, "cpu_percent": 60}})
    read = values("prod", scaled)["read"]
    bounds = {"minReplicas": 2, "maxReplicas": 4, "targetCPUUtilizationPercentage": 60}
    assert read["autoscaling"] == {"enabled": True, **bounds}
    assert read["replicas"] == 2
    assert read["topologySpreadConstraints"]
