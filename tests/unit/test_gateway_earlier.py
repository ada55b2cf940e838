"""The patterns say exactly what a comparison says."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.gateway.pcre import before, below

MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
NEAR = st.integers(-100_000, 100_000).map(lambda seconds: timedelta(seconds=seconds))
NUMBERS = st.integers(0, 10**12)


def is_before(now: datetime, moment: datetime) -> bool:
    """Return what nginx finds."""
    return re.search(before(moment.strftime("%Y-%m-%dT%H:%M:%SZ")), now.isoformat()) is not None


def is_below(text: str, number: int) -> bool:
    """Return what nginx finds."""
    return re.search(below(number), text) is not None


@given(MOMENTS, MOMENTS)
def test_any_two_moments_are_compared_as_they_are(now: datetime, moment: datetime) -> None:
    assert is_before(now, moment) == (now < moment)


@given(MOMENTS, NEAR)
def test_near_moments_are_compared_as_they_are(moment: datetime, apart: timedelta) -> None:
    assert is_before(moment + apart, moment) == (apart < timedelta())


@given(MOMENTS)
def test_the_moment_itself_is_too_late_and_the_second_before_is_not(moment: datetime) -> None:
    assert is_before(moment - timedelta(seconds=1), moment)
    assert not is_before(moment, moment)


@pytest.mark.parametrize("zone", ["+09:00", "-05:00", "+00:30", "Z"])
def test_the_clock_of_another_time_zone_is_never_early_enough(zone: str) -> None:
    assert re.search(before("2026-12-01T00:00:00Z"), "2026-11-21T00:00:00+00:00")
    assert not re.search(before("2026-12-01T00:00:00Z"), f"2026-11-21T00:00:00{zone}")


def test_nothing_is_before_the_first_of_all_moments() -> None:
    assert not re.search(before("0000-00-00T00:00:00Z"), "0000-00-00T00:00:00+00:00")


@pytest.mark.parametrize("text", ["", "2026-12-01", "2026-12-01T00:00:00", "2026-12-01T00:00:00+01:00", "x" * 20])
def test_what_is_no_moment_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a moment"):
        before(text)


@given(NUMBERS, NUMBERS)
def test_any_two_numbers_are_compared_as_they_are(given_: int, number: int) -> None:
    assert is_below(str(given_), number) == (given_ <= number)


@given(NUMBERS, st.integers(-20, 20), st.integers(0, 5))
def test_near_numbers_are_too_with_leading_zeros(number: int, apart: int, zeros: int) -> None:
    near = max(0, number + apart)
    assert is_below("0" * zeros + str(near), number) == (near <= number)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "1 ", " 1", "0x1", "1e1"])
def test_what_is_no_number_is_below_none(text: str) -> None:
    assert not is_below(text, 10**9)


def test_there_is_no_bound_below_nothing() -> None:
    with pytest.raises(ValueError, match="negative"):
        below(-1)
