"""What a report says when ingesters are to hold more or fewer copies, on the values that a stack renders."""

import pytest

from telemetry.engine.preview import Preview, Step
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.operations.report.replication import warnings
from telemetry.releases import releases_of
from telemetry.stack import Stack
from tests.support import WITH_LOGS_IN_PROD, Change, all_of, load_stack, put

ACCEPTED = put("traces.accept_no_failure_tolerance", True)
TWO: Change = all_of(ACCEPTED, put("traces.replication_factor", 2))
MIMIR_ONE: Change = all_of(put("metrics.accept_no_failure_tolerance", True), put("metrics.replication_factor", 1))
LOKI_THREE: Change = all_of(put("logs.replication_factor", 3), put("logs.roles.write.replicas", 3))


def steps(old: Stack, new: Stack) -> Preview:
    """Return the preview of one stack after another, as far as releases go."""
    before = {each.name: {"name": each.name, "values": each.values} for each in releases_of(old)}
    urn = f"urn:pulumi:prod::telemetry::{RELEASE_TYPE}::"
    return Preview(
        tuple(
            Step(urn + each.name, "update", before.get(each.name, {}), {"name": each.name, "values": each.values}, {})
            for each in releases_of(new)
        ),
        {},
    )


@pytest.mark.parametrize(
    ("old", "new", "level", "about", "words"),
    [
        (TWO, all_of(), "disruptive", "release tempo-distributed", "3 copies of what is in ingesters in place of 2"),
        (TWO, all_of(), "disruptive", "release tempo-distributed", "after half an hour: lose no ingester until then"),
        (TWO, all_of(), "disruptive", "release tempo-distributed", "takes up to 1.5 times as much"),
        (all_of(), TWO, "destructive", "release tempo-distributed", "106 of 1,500 confirmed traces were gone for good"),
        (all_of(), MIMIR_ONE, "destructive", "release mimir", "1 copy of what is in ingesters in place of 3"),
        (MIMIR_ONE, all_of(), "disruptive", "release mimir", "after 13 hours"),
        (WITH_LOGS_IN_PROD, all_of(WITH_LOGS_IN_PROD, LOKI_THREE), "disruptive", "release loki", "3 copies"),
    ],
)
def test_another_number_of_copies_is_warned_of(old: Change, new: Change, level: str, about: str, words: str) -> None:
    (warning,) = warnings(steps(load_stack("prod", old), load_stack("prod", new)))
    assert (warning.level, warning.about) == (level, about)
    assert words in warning.text


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_same_number_of_copies_is_not(environment: str) -> None:
    stack = load_stack(environment, put("traces.retention", "3d"))
    assert list(warnings(steps(load_stack(environment), stack))) == []


def test_a_first_release_is_not_compared_with_nothing() -> None:
    assert list(warnings(steps(load_stack("prod"), load_stack("prod", WITH_LOGS_IN_PROD)))) == []
