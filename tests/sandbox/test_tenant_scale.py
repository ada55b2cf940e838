"""What a tenant costs does not depend on how many others there are."""

import pytest

from sandbox.scale.tenants import ONE_CHECKPOINT, Site
from tests.sandbox.deployment import Deployment
from tests.sandbox.test_gateway_deployed import SHARED

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.nightly,  # by day: a tenant more beside two others, in test_gateway_deployed.py
]

FEW, MANY = 10, 100


def own(tenant: int) -> dict[str, str]:
    return dict.fromkeys((f"tenant-t{tenant:04}", f"mimir-dev-t{tenant:04}", f"tempo-dev-t{tenant:04}"), "create")


def test_a_tenant_costs_a_large_stack_what_it_costs_a_small_one(dev: Deployment) -> None:
    """In bytes of state and in objects; and so a stack of many is no more than many times one."""
    site, sizes = Site(dev.engine), {}
    for tenants in (FEW, FEW + 1, MANY, MANY + 1):
        site.declare(tenants)
        if tenants % 10:
            last = tenants - 1
            assert site.touched() == {**own(last), **SHARED}
        site.up(ONE_CHECKPOINT)
        sizes[tenants] = site.state()
    few, many = sizes[FEW + 1] - sizes[FEW], sizes[MANY + 1] - sizes[MANY]
    assert many == pytest.approx(few, rel=0.05)
    assert sizes[MANY] - sizes[FEW] == pytest.approx((MANY - FEW) * few, rel=0.05)
