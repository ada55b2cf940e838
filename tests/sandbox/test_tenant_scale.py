"""What a tenant costs does not depend on how many others there are, and a new one touches nothing of theirs."""

import json
from typing import Any

import pytest

from sandbox.tenant_scale import ONE_CHECKPOINT, Site
from tests.sandbox.deployment import Deployment

pytestmark = pytest.mark.sandbox

SHARED = {"gateway-tenants": "update", "tempo-tenants": "update", "mimir": "update"}
"""The gateway's Secret of who is let in, and the two backends' limits of tenants."""
FEW, MANY = 10, 100


@pytest.fixture(scope="module")
def site(dev: Deployment) -> Site:
    """The dev stack."""
    return Site(dev.engine)


@pytest.fixture(scope="module")
def deployed(site: Site) -> Site:
    """The stack with few tenants."""
    site.declare(FEW)
    site.up()
    return site


def own(tenant: int) -> dict[str, str]:
    return dict.fromkeys((f"tenant-t{tenant:04}", f"mimir-dev-t{tenant:04}", f"tempo-dev-t{tenant:04}"), "create")


def test_a_tenant_more_touches_its_own_objects_and_the_shared_ones_and_restarts_nothing(
    deployed: Site, dev: Deployment
) -> None:
    deployed.declare(FEW + 1)
    before = pods(dev)
    assert deployed.touched() == {**own(FEW), **SHARED}
    deployed.up()
    assert deployed.touched() == {}
    assert pods(dev) == before


def test_of_what_is_shared_only_the_tenants_change(deployed: Site) -> None:
    deployed.declare(FEW + 2)
    steps = json.loads(deployed.pulumi("preview", "--json"))["steps"]
    changed = {name: paths(step) for step in steps if (name := step["urn"].rpartition("::")[2]) in SHARED}
    assert {name: len(found) for name, found in changed.items()} == dict.fromkeys(SHARED, 1)
    assert changed["gateway-tenants"] == {'data["tenants.conf"]'}
    assert changed["tempo-tenants"] == {'data["overrides.yaml"]'}
    assert changed["mimir"] == {f"values.runtimeConfig.overrides.t{FEW + 1:04}"}


@pytest.mark.nightly
def test_a_tenant_costs_a_large_stack_what_it_costs_a_small_one(deployed: Site) -> None:
    """In bytes of state and in objects; and so a stack of many is no more than many times one."""
    sizes = {}
    for tenants in (FEW, FEW + 1, MANY, MANY + 1):
        deployed.declare(tenants)
        if tenants % 10:
            last = tenants - 1
            assert deployed.touched() == {**own(last), **SHARED}
        deployed.up(ONE_CHECKPOINT)
        sizes[tenants] = deployed.state()
    few, many = sizes[FEW + 1] - sizes[FEW], sizes[MANY + 1] - sizes[MANY]
    assert many == pytest.approx(few, rel=0.05)
    assert sizes[MANY] - sizes[FEW] == pytest.approx((MANY - FEW) * few, rel=0.05)


def test_a_tenant_that_goes_takes_its_own_with_it(deployed: Site) -> None:
    deployed.declare(FEW + 1)
    deployed.up(ONE_CHECKPOINT)
    deployed.declare(FEW)
    assert deployed.touched() == {**dict.fromkeys(own(FEW), "delete"), **SHARED}


def paths(step: dict[str, Any]) -> set[str]:
    return set(step["detailedDiff"] or {})


def pods(dev: Deployment) -> set[str]:
    """Return the pods by what makes each one itself."""
    return {pod.metadata.uid for pod in dev.core.list_namespaced_pod(dev.namespace).items}
