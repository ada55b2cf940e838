"""What tenants add up to, what their objects are called, and what backends are told of them."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetry.backends.mimir.values import values as mimir_values
from telemetry.backends.tempo.values_common import tenant_overrides
from telemetry.capacity.footprint import Footprint
from telemetry.gateway import secrets as contents
from telemetry.operations.compare.charts import of_gateway
from telemetry.releases import releases_of
from telemetry.spec.values.transport import mounts, server_name, volumes
from telemetry.stack import ConfigError
from telemetry.stack.tenants import Tenant, object_name
from tests.support import (
    WITH_LOGS,
    WITH_LOGS_IN_PROD,
    WITH_PROFILES,
    WITH_PROFILES_IN_PROD,
    Change,
    all_of,
    drop,
    load_stack,
    put,
)
from tests.unit.bad_tenants import tenant
from tests.unit.rendered import Values, leaves, rendered

IDS = st.from_regex(r"[A-Za-z0-9!_.*'()-]{1,150}", fullmatch=True)
MI = 2**20


def tenants(count: int) -> list[Values]:
    return [tenant(id=f"t{index}", display_name=f"T{index}") for index in range(count)]


@given(IDS)
def test_objects_of_any_tenant_have_a_name_that_kubernetes_and_grafana_take(tenant_id: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?", object_name(tenant_id))


@given(st.lists(IDS, unique=True, min_size=2, max_size=8))
def test_no_two_tenants_share_their_objects(ids: list[str]) -> None:
    assert len({object_name(each) for each in ids}) == len(ids)


def test_a_name_that_will_do_is_kept() -> None:
    assert object_name("team-a") == "team-a"
    assert object_name("Team-A") != object_name("team-a")
    assert object_name("Team-A").startswith("team-a-")
    assert object_name("!!!").startswith("tenant-")


@pytest.mark.parametrize(
    ("access", "accepts"),
    [
        ({}, "token"),
        ({"token": {"version": 2}}, "token"),
        ({"certificate": {}}, "both"),
        ({"certificate_subject": "CN=a"}, "both"),
        ({"certificate_subject": "CN=a", "accepts": "certificate"}, "certificate"),
        ({"certificate": {}, "accepts": "either"}, "either"),
    ],
)
def test_whoever_is_given_certificates_in_prod_comes_with_a_token_too(access: Values, accepts: str) -> None:
    ours = {} if "certificate_subject" not in access else {"client_ca_secret": "our-ca"}
    change = all_of(put("tenants", [tenant(access=access)]), put("gateway", ours))
    assert load_stack("prod", change).tenants[0].access.accepts == accepts
    if "certificate" in access and "accepts" not in access:
        assert load_stack("test", change).tenants[0].access.accepts == "token"


@pytest.mark.parametrize(("count", "replicas"), [(1, 1), (1, 2), (7, 2), (10, 3), (100, 2)])
def test_the_gateway_asks_for_its_base_and_so_much_for_each_tenant(count: int, replicas: int) -> None:
    role = load_stack("dev", put("tenants", tenants(count)), put("gateway", {"replicas": replicas}), ROOMY).gateway_role
    assert role is not None
    cpu, memory = 200 + count * 50, (256 + count * 64) * MI  # R37
    assert role.replicas == replicas
    assert 0 <= role.cpu * replicas - cpu < replicas
    assert 0 <= role.memory * replicas - memory < replicas * MI
    assert role.memory_limit is None


def test_an_autoscaled_gateway_is_counted_at_its_most_and_each_pod_is_as_large_as_one_of_the_fewest() -> None:
    scaling = {"min_replicas": 2, "max_replicas": 5}
    fixed, scaled = (
        load_stack("dev", put("tenants", tenants(3)), put("gateway", gateway), ROOMY)
        for gateway in ({"replicas": 2}, {"autoscaling": scaling})
    )
    assert fixed.gateway_role is not None
    assert scaled.gateway_role is not None
    assert (scaled.gateway_role.replicas, scaled.gateway_role.max_replicas) == (2, 5)
    assert (scaled.gateway_role.cpu, scaled.gateway_role.memory) == (fixed.gateway_role.cpu, fixed.gateway_role.memory)
    differences = of_gateway(scaled)
    assert [(each.asked.pods, each.amount) for each in differences] == [(2, Footprint()), (5, Footprint())]


def test_a_total_is_asked_for_whatever_the_tenants_are() -> None:
    stacks = [
        load_stack("dev", put("tenants", tenants(count)), put("gateway", {"replicas": 2, "total": TOTAL}))
        for count in (1, 2)
    ]
    roles = [stack.gateway_role for stack in stacks]
    assert roles[0] == roles[1]
    assert roles[0] is not None
    assert (roles[0].cpu, roles[0].memory) == (150, 192 * MI)


TOTAL = {"cpu": "300m", "memory": "384Mi"}
ROOMY = put("namespace.quota", {"cpu": "100", "memory": "100Gi", "storage": "100Gi"})


def test_a_capacity_that_is_just_enough_is_taken() -> None:
    capacity = {"ingestion_rate": 30_000, "max_series": 450_000}
    assert load_stack("dev", put("tenants", tenants(3)), put("metrics.capacity", capacity)).tenants[2].id == "t2"


def test_mimir_is_told_of_what_a_tenant_says_and_keeps_its_own_limits_for_the_rest() -> None:
    limits = {"metrics": {"ingestion_rate": 5, "burst": 6, "max_series": 7, "max_query_length": "2d"}}
    stack = load_stack("dev", put("tenants", [tenant(limits=limits, retention={"metrics": "3d"})]))
    assert mimir_values(stack.backend("metrics").context)["runtimeConfig"]["overrides"] == {
        "payments": {
            "ingestion_rate": 5,
            "ingestion_burst_size": 6,
            "max_global_series_per_user": 7,
            "max_total_query_length": "48h",
            "compactor_blocks_retention_period": "72h",
        }
    }
    assert "runtimeConfig" not in mimir_values(load_stack("dev").backend("metrics").context)


def test_tempo_is_told_every_value_because_it_takes_nothing_over_from_the_defaults() -> None:
    stack = load_stack("dev", put("tenants", [tenant()]))
    (told,) = tenant_overrides(stack.backend("traces").context, generates=True).values()
    assert {path for path, _ in leaves(told)} == {
        ("ingestion", "rate_limit_bytes"),
        ("ingestion", "burst_size_bytes"),
        ("ingestion", "max_global_traces_per_user"),
        ("global", "max_bytes_per_trace"),
        ("read", "max_bytes_per_tag_values_query"),
        ("read", "max_search_duration"),
        ("compaction", "block_retention"),
        ("metrics_generator", "processors", "0"),
        ("metrics_generator", "processors", "1"),
        ("metrics_generator", "processors", "2"),
    }
    assert told["compaction"] == {"block_retention": "72h"}  # dev's own
    assert "metrics_generator" not in tenant_overrides(stack.backend("traces").context, generates=False)["payments"]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_backends_keep_tenants_apart_as_soon_as_there_are_any(environment: str) -> None:
    none = all_of(*(drop(key) for key in ("tenants", "gateway") if environment == "prod"))
    for chart, values in rendered(environment, put("tenants", tenants(2))).items():
        assert _apart(chart, values) is True
    for chart, values in rendered(environment, none).items():
        assert _apart(chart, values) is False


def _apart(chart: str, values: Values) -> bool:
    if chart == "mimir-distributed":
        config = values["mimir"]["structuredConfig"]
        assert ("tenant_federation" in config) is config["multitenancy_enabled"]
        return bool(config["multitenancy_enabled"])
    return bool((values["tempo"] if chart == "tempo" else values)["multitenancyEnabled"])


def test_the_single_binary_reads_tenants_from_a_file_that_does_not_restart_it() -> None:
    tempo = rendered("dev", put("tenants", tenants(2)))["tempo"]
    assert "per_tenant_overrides" not in tempo["tempo"]  # the chart's own ConfigMap is part of the pods' checksum
    (mount,) = tempo["tempo"]["extraVolumeMounts"]
    assert tempo["tempo"]["overrides"]["per_tenant_override_config"] == f"{mount['mountPath']}/overrides.yaml"
    assert "subPath" not in mount  # the kubelet never renews one
    assert tempo["extraVolumes"] == [{"name": mount["name"], "configMap": {"name": "tempo-tenants"}}]


def test_the_charts_gateway_is_off_where_ours_is_on() -> None:
    assert rendered("prod")["mimir-distributed"]["gateway"] == {"enabled": False}
    assert rendered("dev")["mimir-distributed"]["gateway"]["enabled"] is True
    assert "gateway" not in rendered("prod")["tempo-distributed"]


def test_certificates_reach_every_pod_and_every_probe_speaks_tls() -> None:
    stack = load_stack("prod", TLS)
    assert {each["name"] for each in volumes(stack)} == {each["name"] for each in mounts(stack)}
    charts = rendered("prod", TLS)
    mimir = charts["mimir-distributed"]
    roles = [part for part in mimir.values() if isinstance(part, dict) and "replicas" in part]
    assert len(roles) == 10
    for role in roles:
        assert role["extraVolumes"] == volumes(stack)
        assert role["readinessProbe"] == {"httpGet": {"scheme": "HTTPS"}, "initialDelaySeconds": 15}
    config = mimir["mimir"]["structuredConfig"]
    assert config["server"]["http_tls_config"]["cert_file"] == "/etc/backends-tls/tls.crt"
    assert config["ruler"]["alertmanager_url"].startswith("dnssrvnoa+https://")
    assert config["ruler"]["alertmanager_client"]["tls_server_name"] == server_name("ca7f8f-prod")
    assert config["common"]["storage"]["s3"]["http"] == {"tls_ca_path": "/etc/object-store-ca/ca.crt"}
    tempo = charts["tempo-distributed"]
    assert tempo["storage"]["trace"]["s3"]["tls_ca_path"] == "/etc/object-store-ca/ca.crt"
    assert tempo["tempo"]["structuredConfig"]["server"] == config["server"]
    (write,) = tempo["metricsGenerator"]["config"]["storage"]["remote_write"]
    assert write["tls_config"] == {"ca_file": "/etc/backends-tls/ca.crt", "server_name": server_name("ca7f8f-prod")}


TLS = all_of(
    put("gateway.backend_tls", {}),
    put("object_store.ca_secret", "store-ca"),
    put("object_store.endpoint", "https://seaweedfs-s3.tools.svc:8333"),
)


def test_many_tenants_stand_in_a_file_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tenants.yaml").write_text(yaml.safe_dump(tenants(400)))
    stack = load_stack("dev", put("tenants_file", "tenants.yaml"))
    assert [tenant.id for tenant in stack.tenants] == [f"t{index}" for index in range(400)]


def test_a_day_in_the_file_needs_no_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    token = "{ issued_on: 2026-11-21, valid_for: 90d }"
    (tmp_path / "t.yaml").write_text(f"- id: a\n  display_name: A\n  access: {{ token: {token} }}\n")
    (tenant,) = load_stack("dev", put("tenants_file", "t.yaml")).tenants
    assert tenant.access.token.until == "2027-02-19T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.yaml", None, "'missing.yaml': cannot be read (No such file or directory); correct the path"),
        ("/tenants.yaml", None, "must be a path that begins at the project, such as tenants-prod.yaml; correct it"),
        ("t.yaml", "id: a", "'t.yaml': must be a list of tenants, as telemetry:tenants is; correct the file"),
        (
            "t.yaml",
            "[",
            "'t.yaml': is no YAML (line 1: expected the node content, but found '<stream end>'); correct the file",
        ),
        ("t.yaml", "- id: a\n  id: b\n", "'t.yaml': line 2: id is given twice; correct the file"),
        (
            "t.yaml",
            "- id: !!binary aGVsbG8=\n",
            "'t.yaml': is no YAML (line 1: could not determine a constructor for the "
            "tag 'tag:yaml.org,2002:binary'); correct the file",
        ),
        ("t.yaml", "[" * 5_000, "'t.yaml': is nested too deeply; correct the file"),
        ("t\0.yaml", None, "'t\\x00.yaml': is no path; correct it"),
    ],
)
def test_a_file_without_tenants_is_one_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str | None, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError) as refused:
        load_stack("dev", put("tenants_file", name), put("gateway", {}))
    assert refused.value.findings == (f"telemetry:tenants_file: {said}",)


def test_tenants_stand_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.yaml").write_text("[]")
    with pytest.raises(ConfigError, match="tenants_file: tenants is set as well"):
        load_stack("dev", put("tenants_file", "t.yaml"), put("tenants", tenants(1)))


def test_more_than_a_secret_holds_is_refused_with_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = load_stack("test", put("gateway.total", {"cpu": "1", "memory": "1Gi"}), put("tenants", tenants(3)))
    assert contents.too_much(stack, "fake" * 10) is None
    assert contents.too_much(load_stack("dev"), "") is None
    monkeypatch.setattr(contents, "_MOST_BYTES", 100)
    said = contents.too_much(stack, "fake" * 10)
    assert said is not None
    assert said.startswith("telemetry:tenants: what the gateway must know of 3 tenants comes to ")
    assert "a Secret holds 100" in said


def test_a_tenant_is_frozen_and_says_no_secret() -> None:
    one = Tenant.model_validate(tenant())
    assert one.access.takes_token
    assert not one.access.takes_certificate


ENOUGH = {"ingestion_rate": 50_000, "max_series": 2_000_000}
OWN = {
    "metrics": {"max_series": 2_000_000, "ingestion_rate": 50_000},
    "traces": {"max_traces": 77, "max_trace_size": "9Mi"},
    "logs": {"max_streams": 99},
    "profiles": {"burst": "9Mi"},
}


@pytest.mark.parametrize(
    ("environment", "more"),
    [
        ("dev", all_of(WITH_LOGS, WITH_PROFILES)),
        ("prod", all_of(WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, drop("gateway"), drop("tenants"))),
    ],
    ids=["dev", "prod"],
)
def test_limits_count_without_tenants_too(environment: str, more: Change) -> None:
    stack = load_stack(environment, more, put("limits", OWN), put("metrics.capacity", ENOUGH))
    values = {each.name.removesuffix("-distributed"): each.values for each in releases_of(stack)}
    tempo = values["tempo"]["tempo"].get("overrides") or values["tempo"]["overrides"]
    assert values["mimir"]["mimir"]["structuredConfig"]["limits"]["max_global_series_per_user"] == 2_000_000
    assert tempo["defaults"]["ingestion"]["max_global_traces_per_user"] == 77
    assert tempo["defaults"]["global"] == {"max_bytes_per_trace": 9 * 2**20}
    assert values["loki"]["loki"]["limits_config"]["max_global_streams_per_user"] == 99
    assert values["pyroscope"]["pyroscope"]["structuredConfig"]["limits"]["ingestion_burst_size_mb"] == 9
