"""Prometheus with Thanos: what is refused of it, and what follows from its settings."""

import re
from itertools import pairwise

import pytest

from telemetry.backends import backends_for
from telemetry.backends.thanos.alerts import rules
from telemetry.backends.thanos.checks import checks
from telemetry.backends.thanos.settings import ThanosMetrics
from telemetry.backends.thanos.starter import starter
from telemetry.capacity.footprint import of_stack
from telemetry.clients.reach import Reach
from telemetry.clients.target import Target, Tenant
from telemetry.config.amounts import readable
from telemetry.gateway.routes import routes_of
from telemetry.monitoring import tenant_slo
from telemetry.monitoring.rules import families_of
from telemetry.monitoring.slo import alerts, indicators
from telemetry.spec.alerts import Alert
from telemetry.spec.context import Environment
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file
from tests.support import REPO, WITH_THANOS, WITH_THANOS_IN_PROD, Change, all_of, drop, load_stack, put
from tests.unit.bad_collectors import API_SERVER, DAEMON_SET, SCRAPES

SCALED_BY = {"type": "pods", "name": "inflight", "average_value": 20}
TENANT = {"id": "payments", "display_name": "Payments"}
TENANTS: Change = all_of(
    put("tenants", [TENANT]), put("gateway", {"federation": None}), put("monitoring.tenant", "payments")
)
NOBODYS: Change = put("monitoring.tenant", None)


def said_of(*changes: Change, environment: str = "dev") -> str:
    with pytest.raises(ConfigError) as refused:
        load_stack(environment, WITH_THANOS if environment == "dev" else WITH_THANOS_IN_PROD, *changes)
    (line,) = refused.value.findings
    return line


@pytest.mark.parametrize(
    ("change", "key", "mend"),
    [
        (put("metrics.roles", {"compact": {"replicas": 2}}), "metrics.roles.compact.replicas", "set it to 1"),
        (put("metrics.roles", {"sidecar": {"replicas": 3}}), "metrics.roles.sidecar.replicas", "remove it"),
        (
            put("metrics.roles", {"sidecar": {"placement": {"node_selector": {"a": "b"}}}}),
            "metrics.roles.sidecar.placement",
            "roles.prometheus.placement",
        ),
        (put("metrics.roles", {"sidecar": {"termination_grace": "5m"}}), "metrics.roles.sidecar.term", "remove it"),
        (
            put("metrics.roles", {"rule": {"autoscaling": {}}}),
            "metrics.roles.rule.autoscaling",
            "query, receive-router",
        ),
        (
            put("metrics.roles", {"query": {"autoscaling": {"metrics": [SCALED_BY]}}}),
            "metrics.roles.query.autoscaling.metrics",
            "remove them",
        ),
        (put("metrics.roles", {"querier": {}}), "metrics.roles.querier", "known here: prometheus"),
        (put("metrics.replication_factor", 3), "metrics.replication_factor", "roles.receive-ingestor.replicas is 1"),
        (
            all_of(put("metrics.replication_factor", 2), put("metrics.roles.receive-ingestor.replicas", 2)),
            "metrics.replication_factor",
            "use 3",
        ),
        (put("metrics.retention", "5d"), "metrics.retention", "downsampling: false"),
        (all_of(put("metrics.retention", "1d"), put("metrics.downsampling", False)), "metrics.retention", "48h"),
        (put("metrics.retention_5m", "5d"), "metrics.retention_5m", "240h"),
        (
            all_of(put("metrics.downsampling", False), put("metrics.retention_1h", "90d")),
            "metrics.retention_1h",
            "remove it",
        ),
        (put("metrics.local_retention", "4h"), "metrics.local_retention", "raise it"),
        (put("metrics.charts.thanos.version", "0.38.0"), "metrics.charts.thanos.version", "1.24.1"),
        (drop("metrics.charts.alertmanager"), "metrics.charts.alertmanager", "pulumi config set"),
        (put("metrics.chart", {}), "metrics.chart", "did you mean charts?"),
        (put("metrics.values.thanos.add.no", 1), "metrics.values.thanos.add.no", "unknown to the chart thanos"),
        (put("metrics.values.thanos.override.query.replicas", 2), "metrics.values.thanos.override", "metrics.roles"),
        (
            all_of(put("metrics.retention_1h", "900d"), put("object_store.expire_after", {"metrics": "800d"})),
            "object_store.expire_after.metrics",
            "remove it",
        ),
        (put("monitoring.rules", "ruler"), "monitoring.rules", "prometheus-rule"),
        (
            put("monitoring.objectives.metrics_ingest", {"target": 99, "latency": "10s"}),
            "monitoring.objectives.metrics_ingest.latency",
            "5s; promise that or less",
        ),
        (all_of(TENANTS, NOBODYS), "monitoring.tenant", "monitoring.rules: prometheus-rule"),
        (all_of(TENANTS, put("gateway", {})), "gateway.federation", "set it to null"),
        (put("kubernetes.cluster_domain", "k8s.example.org"), "kubernetes.cluster_domain", "backend: mimir"),
        (all_of(TENANTS, put("gateway.backend_tls", {})), "gateway.backend_tls", "backend: mimir"),
        (
            all_of(TENANTS, put("tenants", [{**TENANT, "retention": {"metrics": "30d"}}])),
            "tenants.….retention.metrics",
            "payments",
        ),
        (
            all_of(TENANTS, NOBODYS, put("tenants", [{**TENANT, "limits": {"metrics": {"max_series": 5}}}])),
            "monitoring.tenant",
            "payments",
        ),
        (
            all_of(TENANTS, put("tenants", [{**TENANT, "limits": {"metrics": {"ingestion_rate": 5}}}])),
            "tenants.0.limits.metrics.ingestion_rate",
            "known here: max_series, request_size, request_series, request_samples",
        ),
    ],
)
def test_what_it_cannot_do_is_refused(change: Change, key: str, mend: str) -> None:
    line = said_of(change)
    assert line.startswith(f"telemetry:{key}")
    assert mend in line


def test_prod_must_survive_a_lost_ingestor() -> None:
    line = said_of(put("metrics.replication_factor", 1), environment="prod")
    assert line.startswith("telemetry:metrics.replication_factor: 1: survives no lost ingestor")


def test_limits_are_those_of_the_chosen_backend() -> None:
    limits = {"limits": {"metrics": {"request_samples": 5}}}
    stack = load_stack("dev", WITH_THANOS, TENANTS, put("tenants", [{**TENANT, **limits}]))
    (grant,) = stack.backend("metrics").context.tenants.values()
    assert grant.limits.model_dump(exclude_none=True) == {"request_samples": 5}
    (silent,) = load_stack("dev", WITH_THANOS, TENANTS).backend("metrics").context.tenants.values()
    assert silent.limits.model_dump(exclude_none=True) == {}
    with pytest.raises(ConfigError, match="request_samples: unknown key"):
        load_stack("dev", put("tenants", [{**TENANT, **limits}]))


def test_the_sidecar_is_beside_each_prometheus_and_no_pod() -> None:
    one, two = (
        of_stack(load_stack("dev", WITH_THANOS, put("metrics.roles", {"prometheus": {"replicas": replicas}})))
        for replicas in (1, 2)
    )
    more = two - one
    assert (more.pods, more.cpu, readable("memory", more.memory)) == (1, 70, "576Mi")


@pytest.mark.parametrize("name", backends_for("metrics"))
def test_clients_find_every_metrics_backend_at_the_same_paths(name: str) -> None:
    offered = {(route.path, route.access) for route in routes_of([backends_for("metrics")[name]])}
    paths = {
        ("/v1/metrics", "write"),
        ("/otlp/v1/metrics", "write"),
        ("/api/v1/push", "write"),
        ("/prometheus/api/v1/query", "read"),
        ("/prometheus/api/v1/query_range", "read"),
        ("/prometheus/api/v1/labels", "read"),
    }
    assert paths <= offered


@pytest.mark.parametrize(
    ("slo", "latency", "bound", "told"),
    [
        ("metrics-query", "1s", "1([.]0)?", "1s"),
        ("metrics-query", "2.5s", "3([.]0)?", "3s"),
        ("metrics-query", "10s", "20([.]0)?", "20s"),
        ("metrics-query", "250ms", "0[.]3", "0.3s"),
        ("metrics-ingest", "2.5s", "3([.]0)?", "3s"),
        ("metrics-ingest", "5s", "5([.]0)?", "5s"),
    ],
)
def test_a_promise_is_measured_at_the_next_bound_and_told_so(slo: str, latency: str, bound: str, told: str) -> None:
    promised = put(f"monitoring.objectives.{slo.replace('-', '_')}", {"target": 99, "latency": latency})
    stack = load_stack("dev", WITH_THANOS, promised)
    (found,) = (each for each in indicators(stack) if each.slo == slo)
    assert re.findall(r'le=~"([^"]*)"', found.bad) == [bound]
    described = [rule.description for rule in alerts(stack) if rule.name == f"{found.title}BurnsFast"]
    assert [text.rpartition(" within ")[2] for text in described] == [f"{told}."]


def test_an_hour_is_kept_no_shorter_than_what_it_is_made_of_by_default() -> None:
    metrics = load_stack("dev", WITH_THANOS, put("metrics.retention_1h", "900d")).metrics
    assert isinstance(metrics, ThanosMetrics)
    kept = [metrics.retention, metrics.of_5m, metrics.of_1h]
    assert all(coarse >= fine for fine, coarse in pairwise(kept))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_example_is_what_a_new_stack_begins_with(environment: Environment) -> None:
    example = stack_file.config(environment, REPO / "examples" / "thanos" / f"Pulumi.{environment}.yaml")
    section = example["telemetry:metrics"]
    assert {**section, **starter(environment)} == section


def test_each_tenant_is_promised_that_its_requests_are_taken_and_answered() -> None:
    promised = {each.slo: each for each in tenant_slo.indicators(load_stack("dev", WITH_THANOS, TENANTS))}
    taken, answered = promised["metrics-ingest"], promised["metrics-query"]
    assert 'tenant=~"payments"' in taken.total
    assert ('code=~"4.."' in taken.bad, 'code=~"5.."' in taken.bad) == (True, False)
    assert ('code=~"4.."' in answered.bad, 'code=~"5.."' in answered.bad) == (False, True)


def test_validation_asks_by_the_collector_where_there_is_one() -> None:
    stack = load_stack("dev", WITH_THANOS, TENANTS)
    target = Target(stack, {}, [], Reach(), collects_as=["payments"])
    names = [each.name for each in checks(stack.backend("metrics").context, target, Tenant("payments"))]
    assert names == ["OTLP in, PromQL out", "remote-write in, PromQL out", "collector in, PromQL out"]


@pytest.mark.parametrize(
    ("changes", "others"),
    [
        ((WITH_THANOS,), False),
        ((WITH_THANOS, put("monitoring.scrape", "operator")), False),
        ((WITH_THANOS, put("collector", {**DAEMON_SET, "api_server": API_SERVER}), SCRAPES), True),
        ((WITH_THANOS, put("monitoring.rules", "prometheus-rule")), True),
        ((), True),
    ],
    ids=["nobody scrapes", "somebody scrapes for others", "the collector scrapes", "others evaluate", "Mimir"],
)
def test_nothing_is_said_to_be_missing_that_the_ruler_never_sees(changes: tuple[Change, ...], others: bool) -> None:
    stack = load_stack("dev", *changes)
    found = {
        rule.name
        for family in families_of(stack)
        for rule in family.rules
        if isinstance(rule, Alert) and rule.is_on_missing_data
    }
    own = "ThanosNotScraped" if WITH_THANOS in changes else "MimirNotScraped"
    assert found - {"CollectorNotScraped"} == ({own, "TempoNotScraped", "ClusterMetricsMissing"} if others else {own})


def test_alerts_see_that_all_pods_of_a_kind_are_gone_whatever_the_job_is_called() -> None:
    platform = put("monitoring.tenant", "platform")
    seen, alone = (
        {
            rule.name: rule.expr
            for rule in rules(load_stack("prod", WITH_THANOS_IN_PROD, *more).backend("metrics").context)
        }
        for more in ((), (platform, put("monitoring.scrape", "none"), drop("dashboards")))
    )
    nothing = 'or 0 * count(thanos_build_info{namespace="ca7f8f-prod"})'
    for name in ("PrometheusDown", "PrometheusReplicaDown", "ThanosIngestorsBelowQuorum"):
        assert nothing in seen[name]
        assert "job" not in seen[name]
    assert "or vector(0)" in alone["PrometheusDown"], "nothing is scraped without it"
    assert "or vector(0)" not in seen["PrometheusDown"]
