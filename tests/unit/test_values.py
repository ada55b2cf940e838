"""The Helm values of every environment: a golden file each, and the rules that no golden file may break."""

from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from helm import mimir, tempo
from settings import Stack
from settings.quantities import bytes_text, cpu_text
from tests.support import ENVIRONMENTS, SECRETS, Change, all_of, load_stack, put

Values = dict[str, Any]
CHARTS = ("tempo", "mimir")
PUSH_URL = "http://mimir-gateway.ca7f8f-dev.svc/api/v1/push"
MAY_HAVE_A_MEMORY_LIMIT = {"tempo", "ingester", "store_gateway"}

each_chart = pytest.mark.parametrize("chart", CHARTS)
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
KUBERNETES = put("kubernetes.platform", "kubernetes")


def values(chart: str, environment: str = "dev", *changes: Change) -> Values:
    stack = load_stack(environment, *changes)
    if chart == "tempo":
        return tempo.values(stack, secret_name="tempo-s3", remote_write_url=PUSH_URL)
    return mimir.values(stack, secret_name="mimir-s3")


def leaves(node: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and value of every leaf, the members of lists among them."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not children:
        yield path, node
    for key, value in children:
        yield from leaves(value, *path, str(key))


def config(environment: str = "dev", *changes: Change) -> Values:
    """Return Mimir's own configuration."""
    structured: Values = values("mimir", environment, *changes)["mimir"]["structuredConfig"]
    return structured


def mimir_roles(stack: Stack) -> list[str]:
    return [name.replace("-", "_") for name in stack.metrics.roles]


@each_chart
@each_environment
def test_values_are_as_last_agreed(chart: str, environment: str, golden: SnapshotAssertion) -> None:
    assert values(chart, environment) == golden


@each_chart
@each_environment
def test_there_is_no_cpu_limit_anywhere(chart: str, environment: str) -> None:
    limits = [path for path, _ in leaves(values(chart, environment)) if "limits" in path[:-1] and path[-1] == "cpu"]
    assert limits == []


@each_environment
def test_memory_limits_are_where_the_policy_has_them(environment: str) -> None:
    paths = [path for chart in CHARTS for path, _ in leaves(values(chart, environment))]
    limited = {path[0]: path for path in paths if path[-2:] == ("limits", "memory")}
    assert set(limited) == MAY_HAVE_A_MEMORY_LIMIT


@each_environment
def test_every_role_states_its_requests(environment: str) -> None:
    stack = load_stack(environment)
    rendered = values("mimir", environment)
    for name, role in stack.metrics.roles.items():
        requests = rendered[name.replace("-", "_")]["resources"]["requests"]
        assert requests == {"cpu": cpu_text(role.cpu), "memory": bytes_text(role.memory)}
    tempo_role = stack.traces.roles["all"]
    requests = values("tempo", environment)["tempo"]["resources"]["requests"]
    assert requests == {"cpu": cpu_text(tempo_role.cpu), "memory": bytes_text(tempo_role.memory)}


@each_chart
@pytest.mark.parametrize("part", ["minio", "kafka", "rollout_operator", "overrides_exporter"])
def test_what_the_mimir_chart_turns_on_is_off(chart: str, part: str) -> None:
    rendered = values(chart)
    assert rendered.get(part) == ({"enabled": False} if chart == "mimir" else None)


def test_the_classic_architecture_is_stated_in_full() -> None:
    structured = config()
    assert values("mimir")["kafka"]["enabled"] is False
    assert structured["ingest_storage"]["enabled"] is False
    assert structured["ingester"]["push_grpc_method_enabled"] is True
    assert structured["distributor"]["remote_timeout"] == "2s"


@each_chart
def test_no_secret_is_in_the_values_only_the_secrets_name(chart: str) -> None:
    rendered = values(chart)
    texts = [str(value) for _, value in leaves(rendered)]
    assert [text for text in texts if any(secret in text for secret in SECRETS)] == []
    assert f"{chart}-s3" in texts


def test_only_what_reads_buckets_is_given_the_credentials() -> None:
    rendered = values("mimir")
    given = {name for name in mimir_roles(load_stack()) if "extraEnvFrom" in rendered[name]}
    assert given == {"alertmanager", "compactor", "ingester", "querier", "ruler", "store_gateway"}
    assert "extraEnvFrom" not in rendered["global"]


def test_mimir_expands_the_credentials_from_its_environment() -> None:
    s3 = config()["common"]["storage"]["s3"]
    assert (s3["access_key_id"], s3["secret_access_key"]) == ("${AWS_ACCESS_KEY_ID}", "${AWS_SECRET_ACCESS_KEY}")


@pytest.mark.parametrize("factor", [1, 3])
def test_the_replication_factor_is_the_same_in_every_ring(factor: int) -> None:
    grown = all_of(put("metrics.replication_factor", factor), put("metrics.roles.ingester.replicas", factor))
    rings = {path[:-1]: value for path, value in leaves(config("dev", grown)) if path[-1] == "replication_factor"}
    assert rings == {
        ("ingester", "ring"): factor,
        ("store_gateway", "sharding_ring"): factor,
        ("alertmanager", "sharding_ring"): factor,
    }


def test_dev_runs_one_replica_of_each_role_without_zones() -> None:
    rendered = values("mimir")
    assert {rendered[name]["replicas"] for name in mimir_roles(load_stack())} == {1}
    zoned = {name for name in mimir_roles(load_stack()) if "zoneAwareReplication" in rendered[name]}
    assert zoned == {"alertmanager", "ingester", "store_gateway"}
    assert all(rendered[name]["zoneAwareReplication"] == {"enabled": False} for name in zoned)


@pytest.mark.parametrize(("given", "rendered"), [("36h", "36h"), ("14d", "336h"), ("1530m", "1530m")])
def test_retention_reaches_both_compactors(given: str, rendered: str) -> None:
    assert values("tempo", "dev", put("traces.retention", given))["tempo"]["retention"] == rendered
    limits = config("dev", put("metrics.retention", given))["limits"]
    assert limits["compactor_blocks_retention_period"] == rendered


@each_environment
def test_each_use_has_its_own_bucket(environment: str) -> None:
    structured = config(environment)
    buckets = [structured[f"{use}_storage"]["s3"]["bucket_name"] for use in ("blocks", "ruler", "alertmanager")]
    assert buckets == [f"dts-metrics-{environment}-{use}" for use in ("blocks", "ruler", "alertmanager")]
    assert (
        values("tempo", environment)["tempo"]["storage"]["trace"]["s3"]["bucket"] == f"dts-traces-{environment}-blocks"
    )


@pytest.mark.parametrize(("scheme", "insecure"), [("http", True), ("https", False)])
def test_both_backends_reach_seaweedfs_the_same_way(scheme: str, insecure: bool) -> None:
    change = put("object_store.endpoint", f"{scheme}://s3.example:8333")
    of_tempo = values("tempo", "dev", change)["tempo"]["storage"]["trace"]["s3"]
    of_mimir = config("dev", change)["common"]["storage"]["s3"]
    for s3 in (of_tempo, of_mimir):
        assert (s3["endpoint"], s3["region"], s3["insecure"]) == ("s3.example:8333", "us-east-1", insecure)
    assert of_tempo["forcepathstyle"] is True
    assert of_mimir["bucket_lookup_type"] == "path"


def test_nobody_phones_home_and_nothing_holds_ballast() -> None:
    of_tempo = values("tempo")["tempo"]
    assert (of_tempo["reportingEnabled"], of_tempo["memBallastSizeMbs"]) == (False, 0)
    assert config()["usage_stats"] == {"enabled": False}


def test_openshift_gives_the_ids_and_plain_kubernetes_takes_the_charts() -> None:
    for platform, ids in (((), [None, None, None]), ((KUBERNETES,), ["absent"] * 3)):
        of_tempo = values("tempo", "dev", *platform)["securityContext"]
        of_mimir = values("mimir", "dev", *platform)["rbac"]["podSecurityContext"]
        for context in (of_tempo, of_mimir):
            assert [context.get(key, "absent") for key in ("runAsUser", "runAsGroup", "fsGroup")] == ids
            assert context["runAsNonRoot"] is True
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_tempo_runs_restricted() -> None:
    assert values("tempo")["tempo"]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def test_nginx_finds_the_platforms_resolver() -> None:
    assert values("mimir")["global"] == {"dnsService": "dns-default", "dnsNamespace": "openshift-dns"}
    assert values("mimir", "dev", KUBERNETES)["global"] == {}


def test_of_the_jaeger_protocols_exactly_one_stays() -> None:
    jaeger = values("tempo")["tempo"]["receivers"]["jaeger"]
    assert jaeger == {"protocols": {"grpc": None, "thrift_binary": None, "thrift_compact": None}}  # thrift_http stays


def test_tempo_takes_otlp_from_outside_its_pod() -> None:
    otlp = values("tempo")["tempo"]["receivers"]["otlp"]["protocols"]
    assert {name: protocol["endpoint"] for name, protocol in otlp.items()} == {
        "grpc": "0.0.0.0:4317",
        "http": "0.0.0.0:4318",
    }


def test_the_metrics_generator_writes_exemplars_to_mimir_or_is_not_there() -> None:
    on = values("tempo")["tempo"]
    assert on["metricsGenerator"]["storage"]["remote_write"] == [{"url": PUSH_URL, "send_exemplars": True}]
    assert on["overrides"]["defaults"]["metrics_generator"]["processors"] == ["service-graphs", "span-metrics"]
    off = values("tempo", "dev", put("traces.metrics_generator", False))["tempo"]
    assert not {"metricsGenerator", "overrides"} & off.keys()


def test_mimir_keeps_the_exemplars_that_it_is_sent() -> None:
    assert config()["limits"]["max_global_exemplars_per_user"] > 0


def test_volumes_are_where_data_is_kept() -> None:
    stack = load_stack()
    rendered = values("mimir")
    sizes = {
        name: rendered[name]["persistentVolume"]["size"]
        for name in mimir_roles(stack)
        if "persistentVolume" in rendered[name]
    }
    assert sizes == {"ingester": "1Gi", "store_gateway": "1Gi", "compactor": "512Mi", "alertmanager": "512Mi"}
    assert values("tempo")["persistence"] == {"enabled": True, "size": "1Gi"}
