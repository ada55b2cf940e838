"""Loki in the program: what it registers where a stack has it, and in which order."""

import pytest

from tests.engine.recorder import changed, watched
from tests.support import ENVIRONMENTS, WITH_LOGS, WITH_LOGS_IN_PROD, put

BUCKET, RELEASE = "aws:s3/bucket:Bucket", "kubernetes:helm.sh/v3:Release"
SECRET, DATASOURCE = "kubernetes:core/v1:Secret", "grafana:oss/dataSource:DataSource"
POLICY, CONFIG_MAP = "kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:core/v1:ConfigMap"
SHAPES = {"dev": WITH_LOGS, "test": WITH_LOGS, "prod": WITH_LOGS_IN_PROD}
ROOM = put("namespace.requested_quota.storage", "128Gi")
each_run = pytest.mark.parametrize(
    ("environment", "preview"), [(environment, preview) for environment in ENVIRONMENTS for preview in (True, False)]
)


@each_run
def test_it_comes_with_its_buckets_policies_secret_and_datasources(environment: str, preview: bool) -> None:
    shape = SHAPES[environment]
    before = changed(environment=environment, preview=preview)
    run = changed(shape, environment=environment, preview=preview)
    known = {(each.type, each.name) for each in before.resources}
    new = {(each.type, each.name) for each in run.resources} - known
    policies = ("loki-read", "loki-write", "loki-backend") if environment == "prod" else ("loki",)
    readers = ("",) if environment == "dev" else ("-platform", "_all")
    buckets = {(BUCKET, f"dts-logs-{environment}-{purpose}") for purpose in ("chunks", "ruler", "admin")}
    guards = {("aws:s3/bucketPolicy:BucketPolicy", name) for _, name in buckets}
    dashboard = ("grafana:oss/dashboard:Dashboard", f"telemetry-{environment}-loki")
    assert new == {
        ("telemetry:logs:Loki", "loki"),
        (RELEASE, "loki"),
        (SECRET, "loki-s3"),
        *buckets,
        *({*guards, *watched("loki"), dashboard} if environment != "dev" else ()),
        *((POLICY, name) for name in policies),
        *((DATASOURCE, f"loki-{environment}{reader}") for reader in readers),
    }
    assert known <= {(each.type, each.name) for each in run.resources}


@each_run
def test_it_starts_after_what_it_needs_and_before_who_asks_it(environment: str, preview: bool) -> None:
    run = changed(SHAPES[environment], environment=environment, preview=preview)
    release, component = run.one(RELEASE, "loki"), run.one("telemetry:logs:Loki", "loki")
    assert release.parent == component.urn
    assert run.one(SECRET, "loki-s3").urn in release.dependencies
    assert run.one(SECRET, "loki-s3").parent == component.urn
    assert release.urn in run.one("telemetry:grafana:Datasources", "datasources").dependencies


def test_what_other_stacks_read_has_its_addresses_and_its_state() -> None:
    run = changed(WITH_LOGS_IN_PROD, ROOM, environment="prod")
    assert run.exports["endpoints"]["logs"] == {
        "push": "https://gateway.ca7f8f-prod.svc/loki/api/v1/push",
        "otlp_http": "https://gateway.ca7f8f-prod.svc/otlp/v1/logs",
        "query": "https://gateway.ca7f8f-prod.svc",
    }
    assert run.exports["status"] == {"state": "active", "reasons": []}
    (tenant,) = run.exports["tenants"]
    assert tenant["datasources"]["logs"]["uid"] == "loki-prod-platform"
    without = changed(environment="prod")
    assert without.exports["endpoints"]["logs"] is None
    assert without.exports["tenants"][0]["datasources"]["logs"] is None
