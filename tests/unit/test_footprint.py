"""What a stack asks for is the sum over its pods, and dev's stays within the plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.namespace import Resources
from settings.quantities import parse_bytes
from settings.roles import Role
from sizing.footprint import Footprint, of_role, of_roles, of_stack
from tests.support import ENVIRONMENTS, load_stack, put

MI, GI = 1 << 20, 1 << 30
# Resident memory of the real binaries without load, in bytes (measured; Mimir's querier needs most).
IDLE = {"tempo": 93 * 10**6, "querier": 108 * 10**6, "mimir": 89 * 10**6}

amounts = st.integers(0, 10**6)
footprints = st.builds(Footprint, amounts, amounts, amounts, amounts)


def role(replicas: int, cpu: int, memory: int, volume: int | None) -> Role:
    return Role.model_construct(replicas=replicas, cpu=cpu, memory=memory, memory_limit=None, volume=volume)


roles = st.builds(role, st.integers(1, 100), amounts, amounts, st.none() | amounts)


def test_dev_fits_the_plan() -> None:
    dev = of_stack(load_stack("dev"))
    assert dev.cpu <= 400
    assert dev.memory <= 2 * GI
    assert dev.storage <= 4 * GI
    assert dev.pods == 11


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_role_asks_for_less_than_it_uses_idle(environment: str) -> None:
    stack = load_stack(environment)
    asked = {name: role.memory for name, role in stack.metrics.roles.items() if name != "gateway"}  # nginx, no Mimir
    assert {name: memory for name, memory in asked.items() if memory < IDLE.get(name, IDLE["mimir"])} == {}
    assert stack.traces.roles["all"].memory >= IDLE["tempo"]


def test_replicas_count_as_often_as_they_are() -> None:
    assert of_role(role(3, 100, 64 * MI, 2 * GI)) == Footprint(cpu=300, memory=192 * MI, storage=6 * GI, pods=3)
    assert of_role(role(2, 100, MI, None)).storage == 0


def test_one_more_ingester_is_one_more_in_the_sum() -> None:
    ingester = load_stack().metrics.roles["ingester"]
    more = of_stack(load_stack("dev", put("metrics.roles.ingester.replicas", 2)))
    assert more == of_stack(load_stack()) + of_role(ingester)


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
