"""Pyroscope in the program: what it registers where a stack has it, and in which order."""

import pytest

from tests.engine.recorder import changed, watched
from tests.support import ENVIRONMENTS, WITH_PROFILES, WITH_PROFILES_IN_PROD

BUCKET, RELEASE = "aws:s3/bucket:Bucket", "kubernetes:helm.sh/v3:Release"
SECRET, ACCOUNT = "kubernetes:core/v1:Secret", "kubernetes:core/v1:ServiceAccount"
DATASOURCE, POLICY = "grafana:oss/dataSource:DataSource", "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SHAPES = {"dev": WITH_PROFILES, "test": WITH_PROFILES, "prod": WITH_PROFILES_IN_PROD}
APART = ("distributor", "segment-writer", "metastore", "query-frontend", "query-backend", "compaction-worker")
each_run = pytest.mark.parametrize(
    ("environment", "preview"), [(environment, preview) for environment in ENVIRONMENTS for preview in (True, False)]
)


@each_run
def test_it_comes_with_its_bucket_policies_secret_account_and_datasources(environment: str, preview: bool) -> None:
    before = changed(environment=environment, preview=preview)
    run = changed(SHAPES[environment], environment=environment, preview=preview)
    known = {(each.type, each.name) for each in before.resources}
    new = {(each.type, each.name) for each in run.resources} - known
    policies = [f"pyroscope-{role}" for role in APART] if environment == "prod" else ["pyroscope"]
    readers = ("",) if environment == "dev" else ("-platform", "_all")
    bucket = f"dts-profiles-{environment}-blocks"
    assert new == {
        ("telemetry:profiles:Pyroscope", "pyroscope"),
        (RELEASE, "pyroscope"),
        (SECRET, "pyroscope-s3"),
        (ACCOUNT, "pyroscope-pods"),
        (BUCKET, bucket),
        *({("aws:s3/bucketPolicy:BucketPolicy", bucket), *watched("pyroscope")} if environment != "dev" else ()),
        *((POLICY, name) for name in policies),
        *((DATASOURCE, f"pyroscope-{environment}{reader}") for reader in readers),
    }
    assert known <= {(each.type, each.name) for each in run.resources}


@each_run
def test_it_starts_after_what_it_needs_and_before_who_asks_it(environment: str, preview: bool) -> None:
    run = changed(SHAPES[environment], environment=environment, preview=preview)
    release, component = run.one(RELEASE, "pyroscope"), run.one("telemetry:profiles:Pyroscope", "pyroscope")
    account = run.one(ACCOUNT, "pyroscope-pods")
    assert release.parent == account.parent == component.urn
    assert {run.one(SECRET, "pyroscope-s3").urn, account.urn} <= set(release.dependencies)
    assert account.plain["automountServiceAccountToken"] is False
    assert release.urn in run.one("telemetry:grafana:Datasources", "datasources").dependencies


def test_what_other_stacks_read_has_its_addresses_and_its_state() -> None:
    run = changed(WITH_PROFILES_IN_PROD, environment="prod")
    own = "https://gateway.ca7f8f-prod.svc"
    assert run.exports["endpoints"]["profiles"] == {"push": own, "query": own}
    assert run.exports["status"] == {"state": "active", "reasons": []}
    (tenant,) = run.exports["tenants"]
    assert tenant["datasources"]["profiles"]["uid"] == "pyroscope-prod-platform"
    without = changed(environment="prod")
    assert without.exports["endpoints"]["profiles"] is None
    assert without.exports["tenants"][0]["datasources"]["profiles"] is None
