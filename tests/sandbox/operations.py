"""What tenants do, in any order: each writes values to a few series, and reads all series."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from hypothesis import strategies as st


class Operation(NamedTuple):
    """A tenant writes a value to a series, or reads all series, in one of the ways that the test has."""

    tenant: str
    what: Literal["write", "read"]
    series: str
    value: int
    way: str


def operations(tenants: Sequence[str], ways: Sequence[str]) -> st.SearchStrategy[list[Operation]]:
    """Return lists of operations of tenants."""
    return st.lists(
        st.builds(
            Operation,
            st.sampled_from(tenants),
            st.sampled_from(("write", "read")),
            st.sampled_from(("a", "b", "c")),
            st.integers(0, 1_000),
            st.sampled_from(ways),
        ),
        min_size=4,
        max_size=24,
    )


def moments(start: float) -> Iterator[float]:
    """Return moments in order: two values of a series at one of them are refused."""
    return (start + number / 1000 for number in itertools.count())
