"""Quotas of tenants' own namespaces: what is registered, and that nothing of the platform waits for them."""

from tests.engine.recorder import changed
from tests.support import ENVIRONMENTS, put
from tests.unit.bad_tenants import tenant

QUOTA = "kubernetes:core/v1:ResourceQuota"
SHOP = {
    "name": "shop",
    "quota": {"cpu": "4", "memory": "8Gi", "storage": "20Gi", "counted": {"limits.memory": "16Gi", "pods": 50}},
}


def test_each_namespace_of_a_tenant_has_its_quota_and_nobody_waits_for_it() -> None:
    run = changed(put("tenants", [tenant(namespaces=[SHOP])]), environment="dev")
    quota = run.one(QUOTA, "shop-quota")
    assert quota.plain["metadata"]["namespace"] == "shop"
    assert quota.plain["metadata"]["name"] == "telemetry-dev"
    assert quota.plain["spec"]["hard"] == {
        "requests.cpu": "4",
        "requests.memory": "8Gi",
        "requests.storage": "20Gi",
        "limits.memory": "16Gi",
        "pods": "50",
    }
    assert not any(quota.urn in each.dependencies for each in run.resources)


def test_there_is_none_where_nobody_asks_for_one() -> None:
    for environment in ENVIRONMENTS:
        run = changed(environment=environment)
        assert not [each for each in run.resources if "TenantQuotas" in each.urn]
