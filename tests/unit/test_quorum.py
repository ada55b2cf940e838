"""How many ingesters may be lost, checked against every way of losing them."""

from itertools import combinations

import pytest

from settings.quorum import Backend, losses_survived, min_available, quorum
from tests.support import all_of, load_stack, put

BACKENDS: tuple[Backend, ...] = ("traces", "metrics")
RINGS = [(replicas, factor) for factor in range(1, 6) for replicas in range(factor, 8)]

each_backend = pytest.mark.parametrize("backend", BACKENDS)
each_ring = pytest.mark.parametrize(("replicas", "factor"), RINGS)


def always_answered(backend: Backend, replicas: int, factor: int, available: int) -> bool:
    """Return whether every series has a quorum, whichever ingesters are left and whichever hold it."""
    ring = range(replicas)
    return all(
        len(set(left) & set(holders)) >= quorum(backend, factor)
        for left in combinations(ring, available)
        for holders in combinations(ring, factor)
    )


@each_backend
@each_ring
def test_with_the_least_that_must_be_there_all_is_answered_and_with_one_less_not(
    backend: Backend, replicas: int, factor: int
) -> None:
    least = min_available(backend, replicas=replicas, replication_factor=factor)
    assert 1 <= least <= replicas
    assert always_answered(backend, replicas, factor, least)
    assert not always_answered(backend, replicas, factor, least - 1)


@pytest.mark.parametrize(
    ("factor", "traces", "metrics"),
    [(1, 0, 0), (2, 1, 0), (3, 1, 1), (4, 1, 1), (5, 2, 2)],
    ids=lambda value: str(value),
)
def test_the_table_of_losses(factor: int, traces: int, metrics: int) -> None:
    assert [losses_survived(backend, factor) for backend in BACKENDS] == [traces, metrics]


def test_with_two_copies_tempo_survives_a_lost_ingester_and_mimir_does_not() -> None:
    assert min_available("traces", replicas=3, replication_factor=2) == 2
    assert min_available("metrics", replicas=3, replication_factor=2) == 3
    assert min_available("metrics", replicas=3, replication_factor=3) == 2


def test_prod_survives_a_lost_ingester_in_both_backends() -> None:
    prod = load_stack("prod")
    assert (prod.traces.replication_factor, prod.metrics.replication_factor) == (2, 3)
    assert prod.traces.survives_a_lost_ingester
    assert prod.metrics.survives_a_lost_ingester


@pytest.mark.parametrize("environment", ["dev", "test"])
def test_one_replica_survives_nothing_and_need_not(environment: str) -> None:
    stack = load_stack(environment)
    assert not stack.traces.survives_a_lost_ingester
    assert not stack.metrics.survives_a_lost_ingester


@pytest.mark.parametrize("factor", [1, 2])
def test_prods_metrics_may_be_lost_if_somebody_says_so(factor: int) -> None:
    accepted = all_of(put("metrics.accept_no_failure_tolerance", True), put("metrics.replication_factor", factor))
    assert not load_stack("prod", accepted).metrics.survives_a_lost_ingester
