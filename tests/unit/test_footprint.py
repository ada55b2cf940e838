"""What a stack asks for is the sum over its pods, and dev's stays within the plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.capacity.footprint import Footprint, of_role, of_roles, of_stack
from telemetry.config.autoscaling import Autoscaling
from telemetry.config.quantities import parse_bytes
from telemetry.config.resources import Resources
from telemetry.config.roles import Role
from tests.support import ENVIRONMENTS, drop, load_stack, put

MI, GI = 1 << 20, 1 << 30
# Resident memory of the real binaries without load, in bytes (measured; Mimir's querier needs most).
IDLE = {"tempo": 93 * 10**6, "querier": 108 * 10**6, "mimir": 89 * 10**6}

amounts = st.integers(0, 10**6)
footprints = st.builds(Footprint, amounts, amounts, amounts, amounts)


def role(replicas: int, cpu: int, memory: int, volume: int | None) -> Role:
    return Role.model_construct(
        replicas=replicas, cpu=cpu, memory=memory, memory_limit=None, volume=volume, autoscaling=None
    )


roles = st.builds(role, st.integers(1, 100), amounts, amounts, st.none() | amounts)


# Chart and sizes of the shape that prod moves away from when it leaves the single binary.
SINGLE = {"chart": {"name": "tempo", "version": "2.2.4", "reference": "./sandbox/charts/tempo"}}


def test_test_fits_the_plan() -> None:
    test = of_stack(load_stack("test"))
    assert test.cpu <= 900
    assert test.memory <= 4 * GI
    assert test.storage <= 8 * GI


def test_dev_fits_the_plan() -> None:
    dev = of_stack(load_stack("dev"))
    assert dev.cpu <= 400
    assert dev.memory <= 2 * GI
    assert dev.storage <= 4 * GI
    assert dev.pods == 12


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_role_asks_for_less_than_it_uses_idle(environment: str) -> None:
    stack = load_stack(environment)
    asked = {name: role.memory for name, role in stack.metrics.roles.items() if name != "gateway"}  # nginx, no Mimir
    assert {name: memory for name, memory in asked.items() if memory < IDLE.get(name, IDLE["mimir"])} == {}
    assert min(role.memory for role in stack.traces.roles.values()) >= IDLE["tempo"]


def test_replicas_count_as_often_as_they_are() -> None:
    assert of_role(role(3, 100, 64 * MI, 2 * GI)) == Footprint(cpu=300, memory=192 * MI, storage=6 * GI, pods=3)
    assert of_role(role(2, 100, MI, None)).storage == 0


def test_one_more_ingester_is_one_more_in_the_sum() -> None:
    ingester = load_stack().metrics.roles["ingester"]
    more = of_stack(load_stack("dev", put("metrics.roles.ingester.replicas", 2)))
    assert more == of_stack(load_stack()) + of_role(ingester)


def test_the_release_that_is_moved_away_from_counts_until_it_is_gone() -> None:
    moving = load_stack("prod", put("traces.moving_from", SINGLE))
    assert moving.traces.moving_from is not None
    assert of_stack(moving) == of_stack(load_stack("prod")) + of_roles(moving.traces.moving_from.roles.values())


def test_autoscaling_counts_at_its_fewest_and_on_demand_at_its_most() -> None:
    fixed = role(3, 100, 64 * MI, None)
    scaled = fixed.model_copy(update={"autoscaling": Autoscaling(min_replicas=3, max_replicas=7)})
    assert of_role(scaled) == of_role(fixed) == of_role(fixed, at_most=True)
    assert of_role(scaled, at_most=True) == Footprint(cpu=700, memory=448 * MI, pods=7)
    assert of_roles([scaled, fixed], at_most=True).pods == 10


def test_a_stacks_most_is_more_by_what_autoscaling_adds() -> None:
    stack = load_stack("prod", drop("metrics.roles.querier.replicas"), put("metrics.roles.querier.autoscaling", {}))
    querier = stack.metrics.roles["querier"]
    assert of_stack(stack, at_most=True) - of_stack(stack) == 8 * Footprint(querier.cpu, querier.memory, 0, 1)


@given(st.lists(roles, max_size=8), st.randoms())
def test_the_sum_does_not_depend_on_the_order(some: list[Role], random: object) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert of_roles(some) == of_roles(shuffled) == sum(map(of_role, some), Footprint())


@given(footprints, footprints)
def test_amounts_add_up(one: Footprint, other: Footprint) -> None:
    both = one + other
    assert (both.cpu, both.memory) == (one.cpu + other.cpu, one.memory + other.memory)
    assert (both.storage, both.pods) == (one.storage + other.storage, one.pods + other.pods)
    assert one + Footprint() == one


@pytest.mark.parametrize(
    ("cpu", "memory", "storage", "fits"),
    [
        ("400m", "2Gi", "4Gi", True),
        ("399m", "2Gi", "4Gi", False),
        ("1", "1Gi", "4Gi", False),
        ("1", "2Gi", "1Gi", False),
    ],
)
def test_a_quota_must_have_room_for_each_resource(cpu: str, memory: str, storage: str, fits: bool) -> None:
    quota = Resources.model_validate({"cpu": cpu, "memory": memory, "storage": storage})
    assert Footprint(cpu=400, memory=parse_bytes("2Gi"), storage=parse_bytes("4Gi")).fits(quota) is fits
