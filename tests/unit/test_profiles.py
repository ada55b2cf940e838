"""Pyroscope where it is asked for: what it adds to a stack, and that this is the plan's Phase 3.

Pyroscope itself is in no registry, so nothing proves that it starts on these values: flags
and keys were read in its sources, the chart's paths are held by tests/unit/test_contracts.py.
"""

import json
from typing import Any

import pytest

from telemetry.backends.pyroscope import values as pyroscope
from telemetry.capacity.figures import Scenario, report
from telemetry.capacity.fit import check
from telemetry.capacity.summary import summary
from telemetry.capacity.tables import breakdown, fits, quota
from telemetry.gateway.access import Credential
from telemetry.gateway.addresses import client_endpoints
from telemetry.gateway.secrets import upstreams
from telemetry.grafana.datasources import datasources_of
from telemetry.grafana.views import views
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
    WITH_PROFILES,
    WITH_PROFILES_IN_PROD,
    Change,
    credentials,
    drop,
    load_stack,
    put,
)

SHAPES: dict[str, Change] = {"dev": WITH_PROFILES, "test": WITH_PROFILES, "prod": WITH_PROFILES_IN_PROD}
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
BACKEND = ("Read", "Write", "List", "Tagging")
APART = ("distributor", "segment-writer", "metastore", "query-frontend", "query-backend", "compaction-worker")
GRANTED = put("namespace.quota_increase", "granted")


def with_profiles(environment: str, *changes: Change) -> Stack:
    return load_stack(environment, SHAPES[environment], *changes)


def values(environment: str, *changes: Change) -> dict[str, Any]:
    return pyroscope.values(with_profiles(environment, *changes).backend("profiles").context)


def roles(found: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the roles that run apart."""
    sections = found["architecture"]["microservices"]["v2"]
    return {name: section for name, section in sections.items() if section is not None}


@each_environment
def test_it_is_off_unless_it_is_asked_for(environment: str) -> None:
    stack = load_stack(environment)
    assert stack.profiles is None
    assert "pyroscope" not in {each.name for each in releases_of(stack)}
    assert "profiles" not in identities_of(stack)
    assert not [bucket for bucket in stack.buckets if "profiles" in bucket]
    assert not [pods for pods in workloads_of(stack) if pods.app == "pyroscope"]
    assert "pyroscope" not in str(policies_of(stack))
    assert not [name for name in upstreams(stack) if name.startswith("profiles")]
    assert "profiles" not in stack.signals


# The plan's Phase 3 (R6)


def test_on_in_prod_it_is_what_the_plan_has_kept_for_it() -> None:
    """950m, 3.3Gi and 2Gi: the quota table, its totals and headroom included, is the one of before to the letter."""
    before, after = report(load_stack("prod")), report(with_profiles("prod"))
    assert quota(after).rows == quota(before).rows
    kept = load_stack("prod").namespace.phase_3
    assert kept is not None
    whole = after.backends["Pyroscope"]
    assert (whole.cpu, whole.storage) == (kept.cpu, kept.storage) == (950, 2 * 2**30)
    assert 0 <= kept.memory - whole.memory < 2**20  # 3.3Gi are 3379.2Mi, and requests are whole ones


def test_on_in_prod_it_fits_the_granted_quota() -> None:
    stack = with_profiles("prod", GRANTED)
    figures = report(stack)
    assert [figures.fits(scenario, "requested") for scenario in Scenario] == [True, True, True]
    assert check(stack).refusals == ()
    assert summary(stack)["fits_requested"] == {"now": True, "at_maximum": True, "with_phase_3": True}
    assert fits(figures).rows == fits(report(load_stack("prod"))).rows


def test_what_runs_is_counted_now_and_not_twice() -> None:
    before, after = report(load_stack("prod")), report(with_profiles("prod"))
    for old, new in zip(before.lines, after.lines, strict=True):
        assert new.required(Scenario.NOW) == new.required(Scenario.WITH_PHASE_3)
        assert old.required(Scenario.NOW) < new.required(Scenario.NOW) <= old.required(Scenario.WITH_PHASE_3)
        assert (new.new, new.beyond) == (old.new, old.beyond)


def test_the_report_has_its_rows_in_phase_3() -> None:
    figures = report(with_profiles("prod"))
    assert {row.phase for row in figures.rows if row.backend == "Pyroscope"} == {3}
    assert {row.phase for row in figures.rows if row.backend != "Pyroscope"} == {1}
    rows = breakdown(figures).rows
    at = [row[0] for row in rows].index("Phase 3 total")
    assert rows[at][:5] == ("Phase 3 total", "12", "950m", "3.3Gi", "2Gi")
    assert [row[0] for row in rows[at - 6 : at]] == [f"Pyroscope {role}" for role in APART]
    (first,) = (row for row in rows if row[0] == "Phase 1 total")
    assert first in breakdown(report(load_stack("prod"))).rows


def test_a_quota_that_is_too_small_for_it_is_told_the_right_sum() -> None:
    small = put("namespace.requested_quota", {"cpu": "6500m", "memory": "32Gi", "storage": "96Gi"})
    (line,) = check(with_profiles("prod", GRANTED, small)).refusals
    assert "2630m used + 4310m new = 6940m, but even the granted quota is 6500m" in line
    (later,) = (each for each in check(load_stack("prod", GRANTED, small)).warnings if "phase_3" in each)
    assert "2630m used + 3360m new + 950m for Phase 3 = 6940m" in later


@pytest.mark.parametrize("environment", ["dev", "test"])
def test_dev_and_test_have_room_for_it(environment: str) -> None:
    assert check(with_profiles(environment)).refusals == ()


# What is deployed


@each_environment
def test_its_bucket_follows_the_convention_and_its_identity_reaches_nothing_else(environment: str) -> None:
    stack = with_profiles(environment)
    own = (f"dts-profiles-{environment}-blocks",)
    assert tuple(stack.backend("profiles").buckets.values()) == own == stack.buckets[-1:]
    identity = identities_of(stack)["profiles"]
    assert (identity.name, identity.verbs, identity.buckets) == (f"telemetry-{environment}-profiles", BACKEND, own)


@each_environment
def test_every_pod_says_which_key_it_uses(environment: str) -> None:
    (release,) = (each for each in releases_of(with_profiles(environment)) if each.name == "pyroscope")
    identity = credentials().profiles
    assert identity is not None
    assert digest_in(release.values) == "unknown"
    assert digest_in(release.with_key(identity).values) not in (None, "unknown")


def test_prod_has_all_roles_apart_and_three_metastores_that_expect_each_other() -> None:
    found = roles(values("prod"))
    assert {name: each["replicaCount"] for name, each in found.items()} == {
        **dict.fromkeys(APART, 2),
        "metastore": 3,
        "compaction-worker": 1,
    }
    assert found["metastore"]["extraArgs"] == {"metastore.raft.bootstrap-expect-peers": 3}
    assert {name for name, each in found.items() if "persistence" in each} == {"metastore", "compaction-worker"}
    limits = {name: each["resources"]["limits"] for name, each in found.items()}
    assert limits == {**dict.fromkeys(APART), "segment-writer": {"memory": "4Gi"}}


@pytest.mark.parametrize("environment", ["dev", "test"])
def test_dev_and_test_have_one_process(environment: str) -> None:
    found = values(environment)
    assert "architecture" not in found
    assert found["pyroscope"]["replicaCount"] == 1
    assert found["pyroscope"]["persistence"] == {"enabled": True, "size": "512Mi"}
    assert found["pyroscope"]["terminationGracePeriodSeconds"] == 600  # it is a segment-writer too, and has to flush


@each_environment
def test_nothing_that_the_chart_adds_by_itself_is_on(environment: str) -> None:
    found = values(environment)
    assert found["alloy"] == {"enabled": False}
    assert found["pyroscope"]["rbac"] == {"create": False}
    assert found["pyroscope"]["serviceAccount"] == {"create": False, "name": "pyroscope-pods"}
    if environment == "prod":
        taken_away = {k for k, v in found["architecture"]["microservices"]["v2"].items() if v is None}
        assert taken_away == {"tenant-settings", "ad-hoc-profiles", "admin"}


@pytest.mark.parametrize(("environment", "metastores"), [("dev", "pyroscope"), ("prod", "pyroscope-metastore")])
def test_the_metastore_is_found_without_the_api_server(environment: str, metastores: str) -> None:
    address = values(environment)["pyroscope"]["extraArgs"]["metastore.address"]
    assert address == f"dnssrvnoa+_grpc._tcp.{metastores}-headless.ca7f8f-{environment}.svc.cluster.local."


@each_environment
def test_no_secret_is_in_its_values(environment: str) -> None:
    found = values(environment)["pyroscope"]
    s3 = found["structuredConfig"]["storage"]["s3"]
    assert not {"access_key_id", "secret_access_key"} & s3.keys()  # its client finds them in the environment
    assert found["extraEnvFrom"] == [{"secretRef": {"name": "pyroscope-s3"}}]
    assert "fake" not in str(found)


def test_a_tenant_has_its_own_limits_and_retention() -> None:
    limits = {"ingestion_rate": "512Ki", "burst": "3Mi"}
    tenants = [
        {"id": "a", "display_name": "A", "limits": {"profiles": limits}, "retention": {"profiles": "14d"}},
        {"id": "b", "display_name": "B"},
    ]
    found = values("prod", put("tenants", tenants))["pyroscope"]
    assert found["structuredConfig"]["multitenancy_enabled"] is True
    assert found["structuredConfig"]["limits"] == {"retention_period": "744h"}
    assert found["tenantOverrides"] == {
        "a": {"ingestion_rate_mb": 0.5, "ingestion_burst_size_mb": 3, "retention_period": "336h"},
        "b": {"ingestion_rate_mb": 4, "ingestion_burst_size_mb": 2},
    }


def test_without_tenants_it_asks_for_no_name() -> None:
    found = values("dev", put("tenants", []))["pyroscope"]
    assert found["structuredConfig"]["multitenancy_enabled"] is False
    assert "tenantOverrides" not in found


def test_it_is_served_with_tls_where_the_backends_are_and_trusts_the_object_stores_authority() -> None:
    store = put("object_store.endpoint", "https://seaweedfs-s3.tools.svc:8333")
    found = values("prod", put("gateway.backend_tls", {}), put("object_store.ca_secret", "ours"), store)["pyroscope"]
    assert found["structuredConfig"]["server"]["http_tls_config"]["cert_file"] == "/etc/backends-tls/tls.crt"
    assert found["structuredConfig"]["storage"]["s3"]["insecure"] is False
    assert found["service"] == {"scheme": "HTTPS"}  # of its probe
    assert found["extraEnvVars"] == {"SSL_CERT_DIR": "/etc/object-store-ca"}
    assert [each["mountPath"] for each in found["extraVolumeMounts"]] == ["/etc/backends-tls", "/etc/object-store-ca"]


# Ways in, and who may go them


def test_clients_are_sent_to_the_gateway_or_to_its_services() -> None:
    behind, direct = (client_endpoints(with_profiles(each).backend("profiles")) for each in ("prod", "dev"))
    assert behind == ("https://gateway.ca7f8f-prod.svc", "https://gateway.ca7f8f-prod.svc")
    assert direct == ("http://pyroscope.ca7f8f-dev.svc:4040", "http://pyroscope.ca7f8f-dev.svc:4040")
    there = upstreams(with_profiles("prod"))
    assert there["profiles_push"] == "pyroscope-distributor-headless.ca7f8f-prod.svc.cluster.local:4040"
    assert there["profiles_query"] == "pyroscope-query-frontend-headless.ca7f8f-prod.svc.cluster.local:4040"


def test_only_the_two_ways_in_are_reached_from_beyond_it() -> None:
    flows = flows_of(with_profiles("prod"))
    own = {f"pyroscope-{role}" for role in APART}
    for role in APART:
        pods = Pods("pyroscope", "pyroscope", role)
        into = {source.name for flow in flows for source in flow.sources if pods in flow.targets}
        way_in = {"gateway"} if role in ("distributor", "query-frontend") else set()
        assert into == own | {"monitoring"} | way_in, role


def test_every_role_reaches_the_object_store_and_raft_is_among_metastores() -> None:
    flows = flows_of(with_profiles("prod"))
    stored = {source.name for flow in flows for source in flow.sources if flow.why.startswith("buckets")}
    assert {f"pyroscope-{role}" for role in APART} <= stored
    (raft,) = (flow for flow in flows if 9099 in {port.number for port in flow.ports})
    assert {each.name for each in raft.sources + raft.targets} == {"pyroscope-metastore"}


def test_the_default_of_denial_knows_its_pods_only_where_it_is_ours() -> None:
    def names(stack: Stack) -> list[str]:
        (of_apps, _) = policies_of(stack)["telemetry-default-deny"]["podSelector"]["matchExpressions"]
        return list(of_apps["values"])

    assert names(with_profiles("prod")) == [*names(load_stack("prod")), "pyroscope"]


# Datasources


@each_environment
def test_traces_lead_to_profiles_for_every_reader(environment: str) -> None:
    stack = with_profiles(environment)
    urls = {signal: f"http://{signal}" for signal in ("metrics", "traces", "profiles")}
    known = {tenant.id: Credential("t", None) for tenant in stack.tenants} if stack.gateway else {}
    shown = views(stack, credentials=known, federation=None)
    for found in datasources_of(stack, shown, urls=urls, authority=None):
        profiles = found["profiles"]
        assert profiles.kind == "grafana-pyroscope-datasource"
        assert profiles.uid == found["traces"].uid.replace("tempo", "pyroscope", 1)
        assert profiles.name == found["traces"].name.replace("Tempo", "Pyroscope", 1)
        link = json.loads(found["traces"].json_data)["tracesToProfiles"]
        assert link == {
            "datasourceUid": profiles.uid,
            "tags": [{"key": "service.name", "value": "service_name"}],
            "profileTypeId": "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
        }


@each_environment
def test_without_profiles_nothing_leads_to_them(environment: str) -> None:
    stack = load_stack(environment)
    urls = {"metrics": "http://m", "traces": "http://t"}
    known = {tenant.id: Credential("t", None) for tenant in stack.tenants} if stack.gateway else {}
    shown = views(stack, credentials=known, federation=None)
    for found in datasources_of(stack, shown, urls=urls, authority=None):
        assert "profiles" not in found
        assert "Profiles" not in found["traces"].json_data


def test_one_metastore_is_enough_outside_prod() -> None:
    profiles = load_stack("test", WITH_PROFILES_IN_PROD, drop("profiles.roles")).profiles
    assert profiles is not None
    assert profiles.lost_with_one_pod == (
        "distributor",
        "segment-writer",
        "metastore",
        "query-frontend",
        "query-backend",
    )
