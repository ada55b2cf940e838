"""What other stacks are told of this one's state and size."""

import pytest

from outputs import capacity, status
from tests.support import drop, load_stack, put

DEPLOYED = {"mimir": "deployed", "tempo": "deployed"}
NO_GENERATOR = put("traces.metrics_generator", False)


def test_all_is_well() -> None:
    assert status(load_stack(), DEPLOYED) == {"state": "active", "reasons": []}


@pytest.mark.parametrize("state", ["failed", "pending-install", "pending-upgrade", "uninstalling", "None"])
def test_a_release_that_is_not_deployed_is_named(state: str) -> None:
    told = status(load_stack(), {**DEPLOYED, "tempo": state})
    assert told == {"state": "degraded", "reasons": [f"release tempo is {state}"]}


def test_an_optional_role_that_is_off_is_named() -> None:
    told = status(load_stack("dev", NO_GENERATOR), DEPLOYED)
    assert told["state"] == "degraded"
    (reason,) = told["reasons"]
    assert "metrics-generator" in reason


def test_every_reason_is_told() -> None:
    assert len(status(load_stack("dev", NO_GENERATOR), {"mimir": "failed", "tempo": "failed"})["reasons"]) == 3


def test_capacity_is_in_kubernetes_quantities() -> None:
    assert capacity(load_stack()) == {"cpu": "390m", "memory": "1952Mi", "storage": "4Gi", "pods": 11, "fits": True}


@pytest.mark.parametrize(("cpu", "fits"), [("390m", True), ("389m", False)])
def test_capacity_says_whether_the_quota_has_room(cpu: str, fits: bool) -> None:
    assert capacity(load_stack("dev", put("namespace.quota.cpu", cpu)))["fits"] is fits


def test_without_a_quota_nobody_knows() -> None:
    assert capacity(load_stack("dev", drop("namespace.quota")))["fits"] is None
