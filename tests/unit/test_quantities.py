"""Quantities are exact integers with one text each."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config.quantities import (
    bytes_text,
    cpu_text,
    duration_text,
    parse_bytes,
    parse_cpu,
    parse_duration,
    parse_number,
)

MILLICORES = st.integers(1, 1_024_000)
SIZES = st.integers(1, 1 << 50)
MINUTES = st.integers(1, 36_500 * 24 * 60)
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


@given(MILLICORES)
def test_millicores_survive_their_text(millicores: int) -> None:
    assert parse_cpu(cpu_text(millicores)) == millicores


@given(st.integers(1, 1024))
def test_cores_may_be_written_as_text_or_number(cores: int) -> None:
    assert parse_cpu(str(cores)) == parse_cpu(cores) == parse_cpu(f"{cores}.0") == parse_cpu(f"{cores}000m")


@given(SIZES)
def test_the_text_of_a_size_is_exactly_that_size(size: int) -> None:
    text = bytes_text(size)
    number, unit = (text[:-2], text[-2:]) if text[-1] == "i" else (text, "")
    assert int(number) * UNITS.get(unit, 1) == size
    assert not unit or parse_bytes(text) == size


@given(st.integers(1, 1023), st.sampled_from(sorted(UNITS)))
def test_whole_sizes_survive_in_every_unit(number: int, unit: str) -> None:
    assert parse_bytes(f"{number}{unit}") == number * UNITS[unit]
    assert parse_bytes(bytes_text(number * UNITS[unit])) == number * UNITS[unit]


@given(st.decimals(min_value="0.01", max_value=1000, places=2))
def test_a_broken_size_is_rounded_down_to_whole_bytes(number: object) -> None:
    exact = Fraction(str(number)) * UNITS["Gi"]
    assert 0 <= exact - parse_bytes(f"{number}Gi") < 1


@given(MINUTES)
def test_durations_survive_their_text(minutes: int) -> None:
    assert parse_duration(duration_text(minutes * 60)) == minutes * 60


@pytest.mark.parametrize(
    ("given", "written"),
    [(20, "20"), (0.5, "500m"), ("500m", "500m"), ("1000m", "1"), (1000, "1k"), ("1.5k", "1500"), ("2000k", "2M")],
)
def test_a_number_is_written_as_the_api_server_writes_it(given: object, written: str) -> None:
    assert parse_number(given) == written


@pytest.mark.parametrize("given", [0, "0m", -1, True, "1Ki", "much", "0.0001", None])
def test_what_is_no_number_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"not a number above 0|three decimals"):
        parse_number(given)


@given(MILLICORES, MILLICORES)
def test_more_millicores_are_more(one: int, other: int) -> None:
    assert (parse_cpu(f"{one}m") < parse_cpu(f"{other}m")) == (one < other)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5_400), ("48h", 172_800), ("14d", 1_209_600), ("2w", 1_209_600), ("24h", 86_400)]
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(("size", "text"), [(1 << 40, "1Ti"), (3 << 29, "1536Mi"), (1025, "1025"), (1 << 10, "1Ki")])
def test_sizes_are_written_in_the_largest_unit_that_is_exact(size: int, text: str) -> None:
    assert bytes_text(size) == text


@pytest.mark.parametrize("value", ["", "m", "1.5m", "-1", "0", 0, "0m", True, None, [], "1 ", " 1", "1e3", "1025", "٣"])
def test_what_is_no_cpu(value: object) -> None:
    with pytest.raises(ValueError, match=r"such as 2|such as 250m"):
        parse_cpu(value)


@pytest.mark.parametrize(
    "value", ["", "1", 1, "1G", "1gi", "0Gi", "-1Gi", "1 Gi", ".5Gi", "1.Gi", None, True, "1025Ti"]
)
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="such as 512Mi"):
        parse_bytes(value)


@pytest.mark.parametrize(
    "value", ["", "1", 1, "0h", "-1h", "1.5h", "1s", "1y", "1 h", None, True, "36501d", "9" * 5000]
)
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match=r"such as 48h or 14d|at most 36500d"):
        parse_duration(value)


@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans() | st.lists(st.integers()))
def test_anything_is_parsed_or_refused(value: object) -> None:
    for parse in (parse_cpu, parse_bytes, parse_duration):
        try:
            assert parse(value) > 0
        except ValueError as refused:
            assert "\n" not in str(refused)
