"""What is proposed for a load of any size, in every shape: the settings take it, or it is said to be out of reach."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.sizing.judgement import RESOURCE_OF, Judged, State
from telemetry.sizing.proposal import Proposal, propose
from tests.support import ALL_BACKENDS, Change, Tree, as_engine_gives, changed_tree, load_tree, put

MOST = {"samples_per_second": 10**9, "active_series": 10**10, "queries_per_second": 10**5, "bytes_per_second": 2**50}


def amounts(most: int) -> st.SearchStrategy[int]:
    """Numbers of any order of magnitude."""
    return st.integers(0, most.bit_length() - 1).flatmap(lambda power: st.integers(2**power, min(2 << power, most)))


METRICS = st.fixed_dictionaries(
    {each: amounts(MOST[each]) for each in ("samples_per_second", "active_series", "queries_per_second")}
)
COUNTS = {"traces": "spans_per_second", "logs": "lines_per_second"}


@st.composite
def loads(draw: st.DrawFn, signals: frozenset[str]) -> Tree:
    load: Tree = {"metrics": draw(METRICS), "tenants": draw(st.integers(1, 1_000))}
    for signal in sorted(signals & {*COUNTS, "profiles"}):
        counted = {COUNTS[signal]: 1} if signal in COUNTS else {}
        load[signal] = {"bytes_per_second": 32 + draw(amounts(MOST["bytes_per_second"] - 32)), **counted}
    return load


def times(load: Tree, factor: float) -> Tree:
    """Return so many times the load, as far as it may be said."""
    return {
        signal: of if signal == "tenants" else {key: min(int(of[key] * factor), MOST.get(key, 1)) for key in of}
        for signal, of in load.items()
    }


def tree_of(shape: str, load: Tree, *changes: Change) -> Tree:
    environment, change = ALL_BACKENDS[shape]
    texts = (
        put(f"load.{signal}.bytes_per_second", f"{of['bytes_per_second'] / 1024:.9f}Ki")
        for signal, of in load.items()
        if signal in (*COUNTS, "profiles")
    )
    return changed_tree(environment, change, put("load", load), *texts, *changes)


def proposed(shape: str, tree: Tree) -> Proposal:
    return propose(as_engine_gives(tree), ALL_BACKENDS[shape][0])


def signals(shape: str) -> frozenset[str]:
    return frozenset(tree_of(shape, {}))


def totals(each: Judged) -> dict[str, int]:
    """Return the replicas that are proposed, and what all of them come to."""
    replicas = each.proposed("replicas") or 0
    return {"replicas": replicas, **{name: replicas * (each.proposed(name) or 0) for name in RESOURCE_OF}}


@pytest.mark.parametrize("shape", ALL_BACKENDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_is_proposed_is_taken_and_does_or_it_is_said_to_be_out_of_reach(shape: str, data: st.DataObject) -> None:
    """Nothing is left to propose once it is written, of whatever role another one depends on."""
    load = data.draw(loads(signals(shape)))
    found = proposed(shape, tree_of(shape, load)).report
    changes = (put(".".join(way).removeprefix("telemetry:"), value) for way, value in found.settings.items())
    tree = tree_of(shape, load, *changes)
    load_tree(tree, ALL_BACKENDS[shape][0])
    again = proposed(shape, tree).report
    assert again.settings == {}
    assert not again.having(State.SHORT)
    beyond = {each.key for each in found.having(State.BEYOND)}
    assert {each.key for each in again.having(State.BEYOND)} == beyond
    assert all(": " in line for each in found.having(State.BEYOND) for line in each.refusals), "and what to do instead"


@pytest.mark.parametrize("shape", ALL_BACKENDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), factor=st.floats(1, 1_000))
def test_more_of_a_load_never_shrinks_what_is_proposed(shape: str, data: st.DataObject, factor: float) -> None:
    load = data.draw(loads(signals(shape)))
    before, after = (proposed(shape, tree_of(shape, each)).report for each in (load, times(load, factor)))
    for one, other in zip(before.roles, after.roles, strict=True):
        if one.state is State.BEYOND:
            assert other.state is State.BEYOND, one.key
        elif other.state is not State.BEYOND:
            least, grown = totals(one), totals(other)
            assert all(grown[name] >= least[name] for name in least), (one.key, least, grown)
