"""The quality-of-service class is the one that Kubernetes computes."""

import pytest

from telemetry.capacity.qos import Container, of_pod, of_role
from tests.support import ENVIRONMENTS, load_stack

BOTH = {"cpu": 100, "memory": 1 << 20}
GUARANTEED = Container(BOTH, BOTH)
BEST_EFFORT = Container({}, {})


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([GUARANTEED], "Guaranteed"),
        ([Container({}, BOTH)], "Guaranteed"),  # a request that is left out is the limit
        ([GUARANTEED, GUARANTEED], "Guaranteed"),
        ([BEST_EFFORT], "BestEffort"),
        ([BEST_EFFORT, BEST_EFFORT], "BestEffort"),
        ([], "BestEffort"),
        ([Container({"cpu": 0}, {"memory": 0})], "BestEffort"),  # zero is none
        ([Container({"ephemeral-storage": 1}, {})], "BestEffort"),  # not counted
        ([Container({**BOTH, "ephemeral-storage": 1}, BOTH)], "Guaranteed"),
        ([Container(BOTH, {})], "Burstable"),
        ([Container(BOTH, {"memory": BOTH["memory"]})], "Burstable"),
        ([Container({"cpu": 50, "memory": BOTH["memory"]}, BOTH)], "Burstable"),
        ([Container({}, {"memory": 1})], "Burstable"),
        ([GUARANTEED, BEST_EFFORT], "Burstable"),
        ([GUARANTEED, Container(BOTH, {})], "Burstable"),
    ],
)
def test_the_class_follows_from_requests_and_limits(containers: list[Container], expected: str) -> None:
    assert of_pod(containers) == expected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_our_policy_makes_every_pod_burstable(environment: str) -> None:
    stack = load_stack(environment)
    roles = [*stack.traces.roles.values(), *stack.metrics.roles.values()]
    assert {of_role(role) for role in roles} == {"Burstable"}
