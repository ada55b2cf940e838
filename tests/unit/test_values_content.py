"""What the Helm values say to Tempo and Mimir: buckets, rings, retention, security, receivers."""

from typing import Any

import pytest

from telemetry.stack import Stack
from tests.support import ENVIRONMENTS, Change, load_stack, put
from tests.unit.rendered import Values, leaves, rendered

MIMIR = "mimir-distributed"
TEMPO = {"dev": "tempo", "test": "tempo", "prod": "tempo-distributed"}
KUBERNETES = put("kubernetes.platform", "kubernetes")
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def values(chart: str, environment: str = "dev", *changes: Change) -> Values:
    return rendered(environment, *changes)[chart]


def config(environment: str = "dev", *changes: Change) -> Values:
    """Return Mimir's own configuration."""
    structured: Values = values(MIMIR, environment, *changes)["mimir"]["structuredConfig"]
    return structured


def tempo_s3(environment: str = "dev", *changes: Change) -> Values:
    """Return the way to the bucket of whichever Tempo an environment has."""
    tempo = values(TEMPO[environment], environment, *changes)
    s3: Values = tempo.get("tempo", {}).get("storage", tempo.get("storage"))["trace"]["s3"]
    return s3


def mimir_roles(stack: Stack) -> list[str]:
    return [name.replace("-", "_") for name in stack.metrics.roles]


@each_environment
@pytest.mark.parametrize("part", ["minio", "kafka", "rollout_operator"])
def test_what_the_mimir_chart_turns_on_is_off(environment: str, part: str) -> None:
    assert values(MIMIR, environment)[part] == {"enabled": False}


def test_the_overrides_exporter_is_on_only_where_it_runs() -> None:
    assert values(MIMIR)["overrides_exporter"]["enabled"] is True
    required = ["read", "write", "query-scheduler", "store-gateway", "compactor", "ruler", "alertmanager"]
    assert values(MIMIR, "dev", put("metrics.enabled_roles", required))["overrides_exporter"] == {"enabled": False}


def test_the_classic_architecture_is_stated_in_full() -> None:
    structured = config()
    assert values(MIMIR)["kafka"]["enabled"] is False
    assert structured["ingest_storage"]["enabled"] is False
    assert structured["ingester"]["push_grpc_method_enabled"] is True
    assert structured["distributor"]["remote_timeout"] == "2s"


def test_only_what_reads_buckets_is_given_the_credentials() -> None:
    rendered = values(MIMIR)
    given = {name for name in mimir_roles(load_stack()) if "extraEnvFrom" in rendered[name]}
    assert given == {"alertmanager", "compactor", "ingester", "querier", "ruler", "store_gateway"}
    assert "extraEnvFrom" not in rendered["global"]


def test_mimir_is_given_no_keys_and_finds_them_in_its_environment() -> None:
    assert not {"access_key_id", "secret_access_key"} & config()["common"]["storage"]["s3"].keys()


@pytest.mark.parametrize(("environment", "rings"), [("dev", (1, 1, 1)), ("prod", (3, 2, 2))], ids=["dev", "prod"])
def test_every_ring_has_as_many_copies_as_the_factor_says_and_its_replicas_allow(
    environment: str, rings: tuple[int, int, int]
) -> None:
    factors = {path[:-1]: value for path, value in leaves(config(environment)) if path[-1] == "replication_factor"}
    assert factors == {
        ("ingester", "ring"): rings[0],
        ("store_gateway", "sharding_ring"): rings[1],
        ("alertmanager", "sharding_ring"): rings[2],
    }


def test_more_store_gateways_do_not_hold_more_copies_than_the_factor() -> None:
    many = put("metrics.roles.store-gateway.replicas", 5)
    assert config("prod", many)["store_gateway"]["sharding_ring"] == {"replication_factor": 3}


def test_tempos_ring_holds_three_copies_and_lets_one_ingester_go_at_a_time() -> None:
    ingester = values("tempo-distributed", "prod")["ingester"]
    assert ingester["config"] == {"replication_factor": 3, "flush_all_on_shutdown": True}
    assert (ingester["replicas"], ingester["maxUnavailable"]) == (3, 1)
    assert ingester["persistence"] == {"enabled": True, "size": "2Gi"}


@each_environment
def test_ingesters_flush_before_they_go(environment: str) -> None:
    assert config(environment)["blocks_storage"]["tsdb"]["flush_blocks_on_shutdown"] is True
    found = {path[0] for path, value in leaves(rendered(environment)) if path[-1] == "flush_all_on_shutdown" and value}
    assert found == {TEMPO[environment]}


@each_environment
def test_no_cache_is_deployed_that_nobody_sized(environment: str) -> None:
    for chart, its in rendered(environment).items():
        caches = {path[0] for path, value in leaves(its) if "cache" in path[0] and value not in (False, [])}
        assert caches == set(), chart


def test_dev_runs_one_replica_of_each_role_without_zones() -> None:
    rendered = values(MIMIR)
    assert {rendered[name]["replicas"] for name in mimir_roles(load_stack())} == {1}
    zoned = {name for name in mimir_roles(load_stack()) if "zoneAwareReplication" in rendered[name]}
    assert zoned == {"alertmanager", "ingester", "store_gateway"}
    assert all(rendered[name]["zoneAwareReplication"] == {"enabled": False} for name in zoned)


@pytest.mark.parametrize(("given", "written"), [("36h", "36h"), ("14d", "336h"), ("1530m", "1530m")])
def test_retention_reaches_every_compactor(given: str, written: str) -> None:
    assert values("tempo", "dev", put("traces.retention", given))["tempo"]["retention"] == written
    distributed = values("tempo-distributed", "prod", put("traces.retention", given))["compactor"]["config"]
    assert distributed["compaction"]["block_retention"] == written
    limits = config("dev", put("metrics.retention", given))["limits"]
    assert limits["compactor_blocks_retention_period"] == written


@each_environment
def test_each_use_has_its_own_bucket(environment: str) -> None:
    structured = config(environment)
    buckets = [structured[f"{use}_storage"]["s3"]["bucket_name"] for use in ("blocks", "ruler", "alertmanager")]
    assert buckets == [f"dts-metrics-{environment}-{use}" for use in ("blocks", "ruler", "alertmanager")]
    assert tempo_s3(environment)["bucket"] == f"dts-traces-{environment}-blocks"


@pytest.mark.parametrize(("scheme", "insecure"), [("http", True), ("https", False)])
@each_environment
def test_both_backends_reach_seaweedfs_the_same_way(environment: str, scheme: str, insecure: bool) -> None:
    change = put("object_store.endpoint", f"{scheme}://s3.tools.svc:8333")
    of_tempo, of_mimir = tempo_s3(environment, change), config(environment, change)["common"]["storage"]["s3"]
    for s3 in (of_tempo, of_mimir):
        assert (s3["endpoint"], s3["region"], s3["insecure"]) == ("s3.tools.svc:8333", "us-east-1", insecure)
    assert of_tempo["forcepathstyle"] is True
    assert of_mimir["bucket_lookup_type"] == "path"


def test_nobody_phones_home_and_nothing_holds_ballast() -> None:
    of_tempo = values("tempo")["tempo"]
    assert (of_tempo["reportingEnabled"], of_tempo["memBallastSizeMbs"]) == (False, 0)
    assert values("tempo-distributed", "prod")["reportingEnabled"] is False
    assert config()["usage_stats"] == {"enabled": False}
    assert values(MIMIR)["ruler"]["extraArgs"] == {"mem-ballast-size-bytes": 0}


def ids_of(*contexts: Values) -> list[Any]:
    both = {key: value for context in contexts for key, value in context.items()}
    return [both.get(key, "absent") for key in ("runAsUser", "runAsGroup", "fsGroup")]


@pytest.mark.parametrize(("changes", "ids"), [((), [None] * 3), ((KUBERNETES,), ["absent"] * 3)])
def test_openshift_gives_the_ids_and_plain_kubernetes_takes_the_charts(
    changes: tuple[Change, ...], ids: list[Any]
) -> None:
    distributed = values("tempo-distributed", "prod", *changes)["tempo"]
    pods = (
        values("tempo", "dev", *changes)["securityContext"],
        values(MIMIR, "dev", *changes)["rbac"]["podSecurityContext"],
    )
    assert ids_of(distributed["podSecurityContext"], distributed["securityContext"]) == ids
    assert [ids_of(pod) for pod in pods] == [ids, ids]
    for pod in (*pods, distributed["podSecurityContext"]):
        assert pod["runAsNonRoot"] is True
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}


@pytest.mark.parametrize(("chart", "environment"), [("tempo", "dev"), ("tempo-distributed", "prod")])
def test_tempo_runs_restricted(chart: str, environment: str) -> None:
    context = values(chart, environment, KUBERNETES)["tempo"]["securityContext"]
    assert context == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def test_nginx_finds_the_platforms_resolver() -> None:
    platforms = {"dnsService": "dns-default", "dnsNamespace": "openshift-dns"}
    assert values(MIMIR)["global"] == {"clusterDomain": "cluster.local.", **platforms}
    assert values(MIMIR, "dev", KUBERNETES)["global"]["dnsService"] == "kube-dns"


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
    on, apart = values("tempo")["tempo"], values("tempo-distributed", "prod")
    assert on["metricsGenerator"]["storage"]["remote_write"] == [
        {"url": "http://mimir-gateway.ca7f8f-dev.svc.cluster.local./api/v1/push", "send_exemplars": True}
    ]
    assert apart["metricsGenerator"]["config"]["storage"]["remote_write"] == [
        {"url": "http://mimir-distributor.ca7f8f-prod.svc.cluster.local.:8080/api/v1/push", "send_exemplars": True}
    ]
    for part in (on, apart):
        assert part["overrides"]["defaults"]["metrics_generator"]["processors"] == [
            "service-graphs",
            "span-metrics",
            "local-blocks",
        ]
    required = ["distributor", "ingester", "querier", "query-frontend", "compactor"]
    off = values("tempo", "dev", put("traces.enabled_roles", required))["tempo"]
    assert not {"metricsGenerator", "overrides"} & off.keys()


def test_mimir_keeps_the_exemplars_that_it_is_sent() -> None:
    assert config()["limits"]["max_global_exemplars_per_user"] > 0


def test_volumes_are_where_data_is_kept() -> None:
    stack = load_stack()
    rendered = values(MIMIR)
    sizes = {
        name: rendered[name]["persistentVolume"]["size"]
        for name in mimir_roles(stack)
        if "persistentVolume" in rendered[name]
    }
    assert sizes == {"ingester": "1Gi", "store_gateway": "1Gi", "compactor": "512Mi", "alertmanager": "512Mi"}
    assert values("tempo")["persistence"] == {"enabled": True, "size": "1Gi"}


def test_prods_store_gateways_do_without_a_claim() -> None:
    prod = values(MIMIR, "prod")
    assert prod["store_gateway"]["persistentVolume"] == {"enabled": False}
    sizes = {name: prod[name]["persistentVolume"]["size"] for name in ("ingester", "compactor", "alertmanager")}
    assert sizes == {"ingester": "2Gi", "compactor": "2Gi", "alertmanager": "1Gi"}
