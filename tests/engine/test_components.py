"""What the program registers, in every environment, at preview and at up: without an engine, in seconds."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

import components
from telemetry.backends.mimir.endpoints import METRICS_TWINS
from telemetry.capacity.fit import summary
from telemetry.config.seaweedfs import FEATURES
from telemetry.grafana.dashboards.dashboards import documents_of, folder_uid
from telemetry.monitoring.operator import pod_monitors, prometheus_rules
from telemetry.network.policies import policies_of
from tests.engine.recorder import Registered, changed, is_secret, run_of
from tests.engine.test_clusters import EAST, NAMED
from tests.support import (
    ENVIRONMENTS,
    SECRETS,
    WITH_LOGS_IN_PROD,
    WITH_PROFILES_IN_PROD,
    WITH_THANOS,
    Change,
    Tree,
    all_of,
    credentials,
    drop,
    load_stack,
    put,
    with_alerting,
)
from tests.unit.bad_collectors import DAEMON_SET
from tests.unit.bad_expose import HOSTS

BUCKET, RELEASE = "aws:s3/bucket:Bucket", "kubernetes:helm.sh/v3:Release"
SECRET, DATASOURCE = "kubernetes:core/v1:Secret", "grafana:oss/dataSource:DataSource"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
SERVICE = "kubernetes:core/v1:Service"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
NAMESPACE, QUOTA = "kubernetes:core/v1:Namespace", "kubernetes:core/v1:ResourceQuota"
LIMITED = {"default_request": {"cpu": "10m", "memory": "32Mi"}, "default_limit": {"memory": "4Gi"}}
PROVIDER_OF = {"aws": "s3", "kubernetes": "kubernetes", "grafana": "grafana"}
CHART_OF = {"tempo": "tempo", "tempo-distributed": "tempo-distributed", "mimir": "mimir-distributed"}
TEMPO = {"dev": "tempo", "test": "tempo", "prod": "tempo-distributed"}
SECRET_OF = {"tempo": "tempo-s3", "tempo-distributed": "tempo-s3", "mimir": "mimir-s3"}
EXPORTS = {
    "schema_version",
    "endpoints",
    "certificate_authority",
    "datasources",
    "buckets",
    "tenants",
    "capacity",
    "status",
}
CONFIG_MAP, DEPLOYMENT = "kubernetes:core/v1:ConfigMap", "kubernetes:apps/v1:Deployment"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
WITHOUT_GATEWAY = {
    (DATASOURCE, "tempo-{}"),
    (DATASOURCE, "mimir-{}"),
}
WITH_GATEWAY = {
    ("telemetry:gateway:Gateway", "gateway"),
    (CONFIG_MAP, "gateway"),
    (SECRET, "gateway-tenants"),
    (SECRET, "gateway-tls"),
    (SECRET, "tenant-platform"),
    (DEPLOYMENT, "gateway"),
    (SERVICE, "gateway"),
    (SERVICE, "traces-ingest-pods"),
    (SERVICE, "traces-query-pods"),
    (SERVICE, "mimir-query-frontend-pods"),
    (SERVICE, "mimir-ruler-pods"),
    (SERVICE, "mimir-alertmanager-pods"),
    (DATASOURCE, "tempo-{}-platform"),
    (DATASOURCE, "mimir-{}-platform"),
    (DATASOURCE, "tempo-{}_all"),
    (DATASOURCE, "mimir-{}_all"),
}
GUARDED = {
    (POLICY, "dts-traces-{}-blocks"),
    (POLICY, "dts-metrics-{}-blocks"),
    (POLICY, "dts-metrics-{}-ruler"),
    (POLICY, "dts-metrics-{}-alertmanager"),
}
OF_ENVIRONMENT = {
    "dev": WITHOUT_GATEWAY,
    "test": WITH_GATEWAY | GUARDED | {(CONFIG_MAP, "tempo-tenants")},
    "prod": WITH_GATEWAY | GUARDED | {(BUDGET, "gateway")},
}
"""What there is beside what all three have."""

each_run = pytest.mark.parametrize(
    ("environment", "preview"),
    [(environment, preview) for environment in ENVIRONMENTS for preview in (True, False)],
    ids=lambda value: {True: "preview", False: "up"}.get(value, value),
)
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def component_classes() -> Iterator[type[pulumi.ComponentResource]]:
    """Yield every component there is, so that a new one is held to the same rules."""
    for module in pkgutil.iter_modules(components.__path__, "components."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, pulumi.ComponentResource) and found.__module__ == module.name:
                yield found


MODULES = {found.__module__ for found in component_classes()}
COMPONENTS = {found.__name__: found for found in component_classes()}
CLASS_OF = {
    "telemetry:security:Guardrails": "NetworkPolicies",
    "telemetry:logs:Loki": "Backend",
    "telemetry:profiles:Pyroscope": "Backend",
}
"""Types that are not named after their class: a type is part of a URN, and never changes."""
each_component = pytest.mark.parametrize("component", COMPONENTS.values(), ids=COMPONENTS.keys())


def outside_of_secrets(value: Any) -> Iterator[str]:
    """Yield every text in recorded inputs that is not marked as secret."""
    if is_secret(value):
        return
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from outside_of_secrets(child)
    if isinstance(value, str):
        yield value


def watched(environment: str) -> Iterator[tuple[str, str]]:
    """Yield what there is where the platform is scraped, watched and shown."""
    stack = load_stack(environment)
    yield ("telemetry:monitoring:Scraping", "scraping")
    yield ("telemetry:monitoring:Alerts", "alerts")
    yield ("telemetry:grafana:Dashboards", "dashboards")
    for each in (*pod_monitors(stack), *prometheus_rules(stack)):
        yield (f"kubernetes:monitoring.coreos.com/v1:{each.kind}", each.name)
    yield ("grafana:oss/folder:Folder", folder_uid(stack))
    for uid in documents_of(stack, "uid"):
        yield ("grafana:oss/dashboard:Dashboard", uid)


@each_run
def test_exactly_this_is_registered(environment: str, preview: bool) -> None:
    registered = {(resource.type, resource.name) for resource in run_of(environment, preview=preview).resources}
    assert registered == {
        ("pulumi:providers:aws", "s3"),
        ("pulumi:providers:kubernetes", "kubernetes"),
        ("pulumi:providers:grafana", "grafana"),
        ("telemetry:kubernetes:Namespace", "namespace"),
        ("telemetry:storage:Buckets", "buckets"),
        (BUCKET, f"dts-traces-{environment}-blocks"),
        (BUCKET, f"dts-metrics-{environment}-blocks"),
        (BUCKET, f"dts-metrics-{environment}-ruler"),
        (BUCKET, f"dts-metrics-{environment}-alertmanager"),
        ("telemetry:metrics:Mimir", "mimir"),
        (SECRET, "mimir-s3"),
        (ACCOUNT, "mimir-pods"),
        (RELEASE, "mimir"),
        ("telemetry:traces:Tempo", "tempo"),
        (SECRET, "tempo-s3"),
        (RELEASE, TEMPO[environment]),
        (SERVICE, "traces-ingest"),
        (SERVICE, "traces-query"),
        ("telemetry:grafana:Datasources", "datasources"),
        *((type_, name.format(environment)) for type_, name in OF_ENVIRONMENT[environment]),
        ("telemetry:security:Guardrails", "guardrails"),
        *(watched(environment) if environment != "dev" else ()),
        *((NETWORK_POLICY, name) for name in policies_of(load_stack(environment))),
    }


@each_run
def test_every_resource_names_its_provider(environment: str, preview: bool) -> None:
    for resource in run_of(environment, preview=preview).resources:
        package = resource.type.partition(":")[0]
        if resource.custom and package != "pulumi":
            assert f"pulumi:providers:{package}::{PROVIDER_OF[package]}::" in resource.provider, resource.urn


@each_run
def test_every_resource_is_the_child_of_its_component(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    parents = {(r.type, r.name): parent.name for r in run.resources if (parent := run.at(r.parent)) is not None}
    assert {parents[key] for key in parents if key[0] == BUCKET} == {"buckets"}
    assert {parents[key] for key in parents if key[0] == DATASOURCE} == {"datasources"}
    children = {key[1]: parents[key] for key in parents if key[0] in (SECRET, RELEASE, SERVICE, CONFIG_MAP, DEPLOYMENT)}
    of_the_gateway = {name for name, parent in children.items() if parent == "gateway"}
    guard = {"gateway", "gateway-tenants", "gateway-tls", "tenant-platform"}
    assert of_the_gateway == (set() if environment == "dev" else guard)
    assert {name for name, parent in children.items() if parent == "mimir"} == {
        "mimir",
        "mimir-s3",
        *(set() if environment == "dev" else METRICS_TWINS.values()),
    }
    twins = {"traces-ingest-pods", "traces-query-pods"} if environment != "dev" else set()
    tenants = {"tempo-tenants"} if environment == "test" else set()
    assert {name for name, parent in children.items() if parent == "tempo"} == {
        TEMPO[environment],
        "tempo-s3",
        "traces-ingest",
        "traces-query",
        *twins,
        *tenants,
    }
    at_the_root = {r.type.partition(":")[0] for r in run.resources if run.at(r.parent) is None}
    assert at_the_root == {"pulumi", "telemetry"}


def with_a_bounded_tenant(settings: Tree) -> None:
    """Name a namespace of the first tenant's own workloads."""
    quota = {"cpu": "1", "memory": "1Gi", "storage": "1Gi"}
    settings["tenants"][0]["namespaces"] = [{"name": "shop", "quota": quota}]


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_components_are_named_after_their_class_and_register_what_they_annotate(preview: bool) -> None:
    every = all_of(
        put("gateway.backend_tls", {}),
        put("gateway.expose", {"kind": "route", "hosts": HOSTS}),
        put("trust", {"file": "tests/unit/fixtures/authority.pem"}),
        put("object_store.endpoint", "https://seaweedfs-ha-s3.ca7f8f-tools.svc:8333"),
        put("monitoring.rules", "prometheus-rule"),
        put("monitoring.scrape", "operator"),
        with_alerting,
        put("dashboards", {"datasource": "prometheus"}),
        put("collector", DAEMON_SET),
        put("priority_class", {"name": "telemetry", "value": 1000}),
        put("external_secrets", {"store": {"name": "vault"}, "secrets": {"ours": {"data": {"a": {"key": "it"}}}}}),
        with_a_bounded_tenant,
        put("clusters", {"east": {"stack": NAMED}}),
        WITH_LOGS_IN_PROD,
        WITH_PROFILES_IN_PROD,
    )
    runs = (
        changed(every, environment="prod", preview=preview, stacks={NAMED: EAST}),
        changed(WITH_THANOS, preview=preview),
    )
    outputs = {urn: each for run in runs for urn, each in run.component_outputs.items()}
    found = [resource for run in runs for resource in run.resources if not resource.custom]
    classes = {resource.type: CLASS_OF.get(resource.type, resource.type.rpartition(":")[2]) for resource in found}
    assert set(classes.values()) == set(COMPONENTS)
    for resource in found:
        assert re.fullmatch(r"telemetry:[a-z]+:[A-Z][A-Za-z]+", resource.type)
        ours = (each for each in COMPONENTS[classes[resource.type]].__mro__ if each.__module__ in MODULES)
        public = {name for each in ours for name in each.__annotations__ if not name.startswith("_")}
        assert outputs[resource.urn].keys() == public, resource.type


@each_component
def test_a_component_is_built_from_keywords(component: type) -> None:
    _, name, *others = inspect.signature(component.__init__).parameters.values()  # type: ignore[misc]
    assert name.name == "name"
    assert {parameter.kind for parameter in others} == {inspect.Parameter.KEYWORD_ONLY}
    assert [parameter.name for parameter in others if parameter.default is not parameter.empty] == ["opts"]


@each_environment
def test_of_aws_only_what_the_seaweedfs_version_has_is_registered(environment: str) -> None:
    known = {feature.resource for feature in FEATURES if feature.since is not None}
    used = {r.type for r in run_of(environment, preview=False).resources if r.type.startswith("aws:")}
    assert used == ({BUCKET} if environment == "dev" else {BUCKET, POLICY})
    assert used | {VERSIONING, LIFECYCLE} <= known
    assert not any("tags" in bucket.inputs for bucket in run_of(environment, preview=False).of(BUCKET))


@each_run
def test_buckets_outlive_the_stack_except_in_dev(environment: str, preview: bool) -> None:
    kept = environment != "dev"
    buckets = run_of(environment, preview=preview).of(BUCKET)
    assert len(buckets) == 4
    for bucket in buckets:
        assert (bucket.protect, bucket.retain_on_delete) == (kept, kept)
        assert bucket.plain == {"bucket": bucket.name, "forceDestroy": not kept}


@each_environment
def test_only_buckets_and_their_policies_are_protected(environment: str) -> None:
    rest = [r for r in run_of(environment, preview=False).resources if r.type not in (BUCKET, POLICY)]
    assert not any(resource.protect or resource.retain_on_delete for resource in rest)


def test_versioning_and_lifecycle_come_when_asked_for() -> None:
    run = changed(put("object_store.versioning", True), put("object_store.abort_incomplete_uploads", "2d"))
    names = [bucket.name for bucket in run.of(BUCKET)]
    assert sorted(r.name for r in run.of(VERSIONING)) == sorted(r.name for r in run.of(LIFECYCLE)) == sorted(names)
    assert {r.plain["versioningConfiguration"]["status"] for r in run.of(VERSIONING)} == {"Enabled"}
    for lifecycle in run.of(LIFECYCLE):
        (rule,) = lifecycle.plain["rules"]
        assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 2}
        assert "expiration" not in rule  # retention belongs to the compactors


def test_expiry_is_set_where_a_compactor_deletes_and_beside_what_else_a_lifecycle_does() -> None:
    run = changed(
        put("object_store.expire_after", {"traces": "14d", "metrics": "730d"}),
        put("object_store.abort_incomplete_uploads", "2d"),
    )
    found = {
        lifecycle.name: [rule["expiration"]["days"] for rule in lifecycle.plain["rules"] if "expiration" in rule]
        for lifecycle in run.of(LIFECYCLE)
    }
    assert found == {
        "dts-traces-dev-blocks": [14],
        "dts-metrics-dev-blocks": [730],
        "dts-metrics-dev-ruler": [],
        "dts-metrics-dev-alertmanager": [],
    }


@each_run
def test_no_secret_is_outside_of_what_the_engine_encrypts(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    leaks = [
        resource.urn
        for resource in run.resources
        for text in outside_of_secrets(resource.inputs)
        if any(secret in text for secret in SECRETS)
    ]
    assert leaks == []
    assert not any(secret in str(run.exports) for secret in SECRETS)
    assert run.secret_exports == []


@each_run
@pytest.mark.parametrize(("name", "prefix"), [("tempo-s3", "t"), ("mimir-s3", "m")])
def test_each_backend_has_the_keys_of_its_own_identity(environment: str, preview: bool, name: str, prefix: str) -> None:
    secret = run_of(environment, preview=preview).one(SECRET, name)
    assert secret.plain["stringData"] == {
        "AWS_ACCESS_KEY_ID": f"{prefix}k0-fake",
        "AWS_SECRET_ACCESS_KEY": f"{prefix}s0-fake",
    }
    assert secret.plain["metadata"] == {"name": name, "namespace": f"ca7f8f-{environment}"}


@each_run
def test_exports_are_the_contract(environment: str, preview: bool) -> None:
    exports = run_of(environment, preview=preview).exports
    assert exports.keys() == EXPORTS
    uids = {"dev": "-dev", "test": "-test_all", "prod": "-prod_all"}[environment]
    assert exports["datasources"] == {
        "traces": {"name": f"Tempo ({environment})", "uid": f"tempo{uids}"},
        "metrics": {"name": f"Mimir ({environment})", "uid": f"mimir{uids}"},
    }
    assert [each["id"] for each in exports["tenants"]] == ([] if environment == "dev" else ["platform"])
    for tenant in exports["tenants"]:
        assert tenant["secret"] == "tenant-platform"
        assert tenant["datasources"]["traces"]["uid"] == f"tempo-{environment}-platform"
    assert len(exports["buckets"]) == 4
    assert exports["status"] == (None if preview else {"state": "active", "reasons": []})
    assert exports["capacity"] == summary(load_stack(environment))
    assert "manifest" not in str(exports)


def test_what_is_off_degrades_the_platform_and_takes_its_resources_with_it() -> None:
    required = ["distributor", "ingester", "querier", "query-frontend", "compactor"]
    run = changed(put("traces.enabled_roles", required), drop("traces.roles.metrics-generator"), environment="prod")
    assert run.exports["status"] == {
        "state": "degraded",
        "reasons": ["traces: the optional role metrics-generator is off; the service map stays empty"],
    }
    assert run.exports["capacity"]["pods"] == run_of("prod", preview=False).exports["capacity"]["pods"] - 2
    name = "tempo-prod-platform"
    assert "serviceMap" not in run.one(DATASOURCE, name).plain["jsonDataEncoded"]
    assert "serviceMap" in run_of("prod", preview=False).one(DATASOURCE, name).plain["jsonDataEncoded"]


def release_is_waited_for(release: Registered) -> None:
    given = release.plain
    assert given["timeout"] == 900
    assert not {"atomic", "skipAwait", "manifest", "createNamespace"} & given.keys()
    versions = {"tempo": "2.2.4", "tempo-distributed": "2.26.2", "mimir": "6.1.0"}
    assert (given["name"], given["version"]) == (release.name, versions[release.name])


@each_run
def test_releases_are_waited_for_and_never_rolled_back(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    assert len(run.of(RELEASE)) == 2
    for release in run.of(RELEASE):
        release_is_waited_for(release)
        assert release.plain["namespace"] == f"ca7f8f-{environment}"
        assert release.plain["chart"] == CHART_OF[release.name]
        assert release.plain["repositoryOpts"]["repo"].startswith("https://")
        assert run.one(SECRET, SECRET_OF[release.name]).urn in release.dependencies


@each_run
def test_mimirs_pods_have_an_account_without_a_token_before_there_are_pods(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    account, mimir = run.one(ACCOUNT, "mimir-pods"), run.one(RELEASE, "mimir")
    assert account.plain["automountServiceAccountToken"] is False
    assert account.plain["metadata"] == {"name": "mimir-pods", "namespace": f"ca7f8f-{environment}"}
    assert run.at(account.parent) == run.one("telemetry:metrics:Mimir", "mimir")
    assert account.urn in mimir.dependencies
    assert mimir.plain["values"]["serviceAccount"] == {"create": False, "name": "mimir-pods"}


@each_run
@pytest.mark.parametrize("signal", ["traces", "metrics"])
def test_another_key_changes_the_secret_and_the_release_that_use_it_and_nothing_else(
    environment: str, preview: bool, signal: str
) -> None:
    def inputs(*changes: Change) -> dict[str, Any]:
        run = changed(*changes, environment=environment, preview=preview)
        return {resource.urn: resource.inputs for resource in run.resources}

    known = getattr(credentials(), signal)
    before = {key: getattr(known, key).get_secret_value() for key in ("access_key", "secret_key")}
    other = {"access_key": "nk0-fake", "secret_key": "ns0-fake"}
    as_it_is, renewed = inputs(), inputs(put(f"credentials.{signal}", {**other, "previous": before}))
    release = {"traces": TEMPO[environment], "metrics": "mimir"}[signal]
    differing = {urn.rpartition("::")[2] for urn in as_it_is if as_it_is[urn] != renewed[urn]}
    assert differing == {release, SECRET_OF[release]}
    assert inputs(put(f"credentials.{signal}", other)) == renewed, "the end of a change restarts nothing"


def test_a_chart_by_path_stays_relative_and_has_no_repository() -> None:
    run = changed(drop("traces.chart.repository"), put("traces.chart.reference", "./charts/tempo"))
    tempo = run.one(RELEASE, "tempo").plain
    assert tempo["chart"] == "./charts/tempo"
    assert "repositoryOpts" not in tempo


@each_run
def test_backends_wait_for_buckets_and_datasources_for_backends(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    buckets = {bucket.urn for bucket in run.of(BUCKET)}
    assert buckets <= set(run.one("telemetry:metrics:Mimir", "mimir").dependencies)
    assert buckets <= set(run.one("telemetry:traces:Tempo", "tempo").dependencies)
    releases = {release.urn for release in run.of(RELEASE)}
    assert releases <= set(run.one("telemetry:grafana:Datasources", "datasources").dependencies)


@each_run
def test_datasources_are_replaced_before_their_successor_comes(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    for datasource in run.of(DATASOURCE):
        assert datasource.delete_before_replace
        assert datasource.plain["uid"] == datasource.name
    whose = environment if environment == "dev" else f"{environment}-platform"
    mimir, tempo = (run.one(DATASOURCE, f"{backend}-{whose}") for backend in ("mimir", "tempo"))
    assert mimir.urn in tempo.dependencies
    here = f"ca7f8f-{environment}.svc.cluster.local."
    own = [f"http://mimir-gateway.{here}/prometheus", f"http://traces-query.{here}:3200"]
    guarded = [f"https://gateway.{here}/prometheus", f"https://gateway.{here}/tempo"]
    assert [mimir.plain["url"], tempo.plain["url"]] == (own if environment == "dev" else guarded)


@pytest.mark.parametrize("preview", [True, False])
def test_an_owned_namespace_comes_with_its_quota_before_everything_in_it(preview: bool) -> None:
    counted = put("namespace.quota.counted", {"pods": 20, "limits.memory": "100Gi"})
    limited = put("security.limit_range", LIMITED)
    run = changed(put("namespace.create", True), counted, limited, preview=preview)
    namespace, quota = run.one(NAMESPACE, "ca7f8f-dev"), run.one(QUOTA, "ca7f8f-dev-quota")
    assert namespace.plain["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    hard = quota.plain["spec"]["hard"]
    assert (hard["requests.cpu"], hard["pods"], hard["limits.memory"]) == ("2530m", "20", "100Gi")
    assert namespace.urn in quota.dependencies
    assert {namespace.urn, quota.urn} <= set(run.one("telemetry:traces:Tempo", "tempo").dependencies)


def test_a_quota_is_set_on_a_namespace_that_exists() -> None:
    run = changed(put("namespace.set_quota", True), put("namespace.quota.counted", {"count/deployments.apps": 20}))
    assert run.of(NAMESPACE) == []
    hard = run.one(QUOTA, "ca7f8f-dev-quota").plain["spec"]["hard"]
    assert (hard["requests.cpu"], hard["count/deployments.apps"]) == ("2530m", "20")


@pytest.mark.parametrize(
    ("progress", "hard"),
    [
        ("requested", {"requests.cpu": "4", "requests.memory": "16Gi", "requests.storage": "64Gi"}),
        ("granted", {"requests.cpu": "10", "requests.memory": "32Gi", "requests.storage": "96Gi"}),
    ],
)
def test_a_quota_is_increased_when_the_increase_is_granted(progress: str, hard: dict[str, str]) -> None:
    run = changed(put("namespace.create", True), put("namespace.quota_increase", progress), environment="prod")
    assert run.one(QUOTA, "ca7f8f-prod-quota").plain["spec"] == {"hard": hard}


def test_pods_find_the_authority_of_the_object_store_and_wait_for_it() -> None:
    """The providers are told of the same file."""
    run = changed(
        put("trust", {"file": "tests/unit/fixtures/authority.pem"}),
        put("object_store.endpoint", "https://seaweedfs-dev-s3.ca7f8f-tools.svc:8333"),
    )
    secret = run.one("kubernetes:core/v1:Secret", "object-store-authority")
    assert secret.plain["stringData"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")
    for release in run.of("kubernetes:helm.sh/v3:Release"):
        backend = run.at(release.parent)
        assert backend is not None
        assert secret.urn in backend.dependencies
        assert "'secretName': 'object-store-authority'" in repr(release.plain["values"])
    assert run.one("pulumi:providers:aws", "s3").plain["customCaBundle"] == "tests/unit/fixtures/authority.pem"
    assert run.one("pulumi:providers:grafana", "grafana").plain["caCert"] == "tests/unit/fixtures/authority.pem"


@each_environment
def test_no_urn_changes(environment: str, golden: SnapshotAssertion) -> None:
    """A resource with another URN is another resource: it would be deleted and made again."""
    assert sorted(resource.urn for resource in run_of(environment, preview=True).resources) == golden
