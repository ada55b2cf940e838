"""Whether a stack fits, and the smallest increase that makes it fit."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from telemetry.capacity.figures import Line, Report, Scenario, report
from telemetry.capacity.fit import Verdict, check, shortfalls, summary
from telemetry.capacity.footprint import Footprint, of_stack
from telemetry.config.amounts import MI, RESOURCES, Resource, quantity, readable, rounded
from telemetry.config.quantities import bytes_text, parse_bytes, parse_cpu
from tests.support import ENVIRONMENTS, Change, all_of, drop, load_stack, put

NO_INCREASE = all_of(drop("namespace.quota_increase"), drop("namespace.requested_quota"))
GRANTED = put("namespace.quota_increase", "granted")
MOVING = put(
    "traces.moving_from", {"chart": {"name": "tempo", "version": "2.2.4", "reference": "./sandbox/charts/tempo"}}
)


def scaled(role: str, most: int = 10) -> Change:
    autoscaling = {"min_replicas": 2, "max_replicas": most}
    return all_of(drop(f"{role}.replicas"), put(f"{role}.autoscaling", autoscaling))


def verdict(*changes: Change) -> Verdict:
    return check(load_stack("prod", *changes))


@pytest.mark.parametrize("environment", ["dev", "test"])
def test_dev_and_test_fit_without_a_word(environment: str) -> None:
    assert check(load_stack(environment)) == Verdict()


def test_prod_is_refused_under_todays_quota_with_sums_and_the_smallest_increase() -> None:
    refused = verdict(NO_INCREASE)
    assert refused.warnings == ()
    assert [line.partition(", or lower roles")[0] for line in refused.refusals] == [
        "telemetry:namespace.quota.cpu: 2630m used + 3360m new = 5990m, but the quota is 4000m; "
        "raise requests.cpu by 1990m to 5990m",
        "telemetry:namespace.quota.memory: 8704Mi used + 15008Mi new = 23712Mi, but the quota is 16Gi; "
        "raise requests.memory by 7328Mi to 23712Mi",
        "telemetry:namespace.quota.storage: 55Gi used + 16Gi new = 71Gi, but the quota is 64Gi; "
        "raise requests.storage by 7Gi to 71Gi",
    ]


def test_only_what_is_short_is_named() -> None:
    roomy = put("namespace.quota", {"cpu": "5989m", "memory": "1Ti", "storage": "1Ti"})
    [line] = verdict(NO_INCREASE, roomy).refusals
    assert "raise requests.cpu by 1m to 5990m" in line


@pytest.mark.parametrize(
    ("state", "consequence"),
    [
        ("requested", "pods will be rejected until the increase is granted"),
        ("granted", "the figures of namespace.quota are out of date"),
    ],
)
def test_an_increase_under_way_makes_it_a_warning(state: str, consequence: str) -> None:
    told = verdict(put("namespace.quota_increase", state))
    assert told.refusals == ()
    [line] = told.warnings
    assert line.startswith(f"telemetry:namespace.quota_increase: {state}: requests.cpu needs 5990m of 4000m;")
    assert consequence in line


def test_an_increase_that_is_too_small_is_refused_with_the_sums_against_it() -> None:
    told = verdict(put("namespace.requested_quota.cpu", "5000m"))
    [line] = told.refusals
    assert line.startswith("telemetry:namespace.requested_quota.cpu: 2630m used + 3360m new = 5990m, but even the ")
    assert "raise requests.cpu by 990m to 5990m" in line


def test_an_increase_that_is_not_needed_is_not_mentioned() -> None:
    assert verdict(put("namespace.quota", {"cpu": "10", "memory": "32Gi", "storage": "96Gi"})) == Verdict()


def test_the_check_counts_autoscaling_at_its_maximum() -> None:
    at_most = verdict(scaled("metrics.roles.querier", most=40))
    [line] = at_most.refusals
    assert line.startswith(
        "telemetry:namespace.requested_quota.memory: 8704Mi used + 34464Mi new at maximum autoscaling"
    )
    stack = load_stack("prod", scaled("metrics.roles.querier", most=40))
    assert report(stack).fits(Scenario.NOW, "requested") is True
    assert report(stack).fits(Scenario.AT_MAXIMUM, "requested") is False


def test_todays_quota_is_held_against_the_maximum_too() -> None:
    enough_for_now = put("namespace.quota", {"cpu": "5990m", "memory": "32Gi", "storage": "96Gi"})
    assert verdict(NO_INCREASE, enough_for_now, drop("namespace.phase_3")) == Verdict()
    [line] = verdict(NO_INCREASE, enough_for_now, scaled("traces.roles.querier")).refusals
    assert "2630m used + 4160m new at maximum autoscaling = 6790m, but the quota is 5990m" in line


def test_no_room_for_phase_3_is_a_warning() -> None:
    told = verdict(put("namespace.requested_quota.cpu", "6000m"))
    assert told.refusals == ()
    [increase, later] = told.warnings
    assert increase.startswith("telemetry:namespace.quota_increase")
    assert later == (
        "telemetry:namespace.phase_3: the requested quota has no room for Phase 3: "
        "2630m used + 3360m new + 950m for Phase 3 = 6940m, raise requests.cpu by 940m to 6940m"
    )


def test_a_refused_stack_is_not_warned_of_phase_3_as_well() -> None:
    assert verdict(put("namespace.requested_quota.cpu", "5000m")).warnings == ()


@pytest.mark.parametrize(
    ("resource", "size", "line"),
    [
        ("cpu", "40", "traces.roles.ingester.cpu: asks for 40000m per replica; a node has 32000m: lower it"),
        ("memory", "3Gi", "traces.roles.ingester.memory: asks for 3Gi per replica; a node has 2Gi: lower it"),
    ],
)
def test_a_replica_larger_than_a_node_is_refused(resource: str, size: str, line: str) -> None:
    node = put("kubernetes.nodes", {"count": 3, "cpu": "32", "memory": "2Gi"})
    large = put(f"traces.roles.ingester.{resource}", size)
    told = verdict(node, large, put("namespace.requested_quota", {"cpu": "999", "memory": "1Ti", "storage": "1Ti"}))
    assert told.refusals == (f"telemetry:{line}",)


def test_the_release_that_is_moved_away_from_must_fit_a_node_too() -> None:
    node = put("kubernetes.nodes", {"count": 3, "cpu": "4", "memory": "2Gi"})
    told = verdict(node, MOVING, put("traces.moving_from.roles", {"all": {"memory": "3Gi"}}))
    assert told.refusals == (
        "telemetry:traces.moving_from.roles.all.memory: asks for 3Gi per replica; a node has 2Gi: lower it",
    )


def test_without_a_quota_there_is_nothing_to_refuse() -> None:
    keys = ("quota", "used", "quota_increase", "requested_quota")
    stack = load_stack("prod", *(drop(f"namespace.{key}") for key in keys))
    assert check(stack) == Verdict()
    assert {report(stack).fits(scenario, "quota") for scenario in Scenario} == {None}
    assert {line.headroom(1) for line in report(stack).lines} == {None}


def test_every_message_is_one_line_that_begins_with_its_path() -> None:
    small_nodes = put("kubernetes.nodes", {"count": 3, "cpu": "10m", "memory": "1Mi"})
    for told in (verdict(), verdict(NO_INCREASE, small_nodes), verdict(GRANTED)):
        for line in (*told.refusals, *told.warnings):
            assert line.startswith("telemetry:")
            assert "\n" not in line


@pytest.mark.parametrize(
    ("environment", "changes"),
    [
        *((environment, ()) for environment in ENVIRONMENTS),
        ("prod", (MOVING,)),
        ("prod", (scaled("traces.roles.querier"), MOVING)),
    ],
)
def test_rows_backends_and_resources_come_to_the_same_sum(environment: str, changes: tuple[Change, ...]) -> None:
    stack = load_stack(environment, *changes)
    figures = report(stack)
    assert sum((row.total for row in figures.rows), Footprint()) == figures.total == of_stack(stack)
    assert sum(figures.backends.values(), Footprint()) == figures.total
    assert figures.at_most == of_stack(stack, at_most=True)
    for line in figures.lines:
        assert line.new + line.beyond == getattr(figures.total, line.resource)
        assert line.new + line.beyond + line.growth == getattr(figures.at_most, line.resource)


def test_what_is_on_its_way_out_is_beyond_the_plan() -> None:
    before, moving = report(load_stack("prod")), report(load_stack("prod", MOVING))
    assert "Tempo (old)" in moving.backends
    assert [line.new for line in moving.lines] == [line.new for line in before.lines]
    assert moving.lines[0].beyond > before.lines[0].beyond


amounts = st.integers(0, 1 << 44)
limits = st.none() | st.integers(1, 1 << 44)
lines = st.builds(Line, st.sampled_from(RESOURCES), limits, *[amounts] * 5, limits)


@given(lines)
def test_more_is_asked_at_the_maximum_and_more_still_with_phase_3(line: Line) -> None:
    now, most, later = (line.required(scenario) for scenario in Scenario)
    assert now <= most <= later
    assert line.everything + line.growth == later


@given(lines, st.sampled_from(Scenario), st.booleans())
def test_the_named_increase_is_enough_and_one_unit_less_is_not(line: Line, scenario: Scenario, requested: bool) -> None:
    found = shortfalls((line,), scenario, requested=requested)
    assume(found)
    [short] = found
    unit = 1 if line.resource == "cpu" else MI
    for enough in (short.raise_to, short.limit + short.raise_by):
        assert line.required(scenario) <= enough
        assert line.required(scenario) > enough - unit
    assert short.raise_to % unit == short.raise_by % unit == 0


@given(st.lists(lines, min_size=1, max_size=3), st.sampled_from(Scenario), st.randoms())
def test_whether_it_fits_is_whether_nothing_is_short_in_any_order(
    some: list[Line], scenario: Scenario, random: object
) -> None:
    known = [
        line
        for index, line in enumerate(some)
        if line.quota and line.resource not in [x.resource for x in some[:index]]
    ]
    assume(known)
    shuffled = list(known)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    short = shortfalls(tuple(known), scenario, requested=False)
    assert Report("prod", (), tuple(known)).fits(scenario, "quota") is not bool(short)
    assert Report("prod", (), tuple(shuffled)).fits(scenario, "quota") is not bool(short)


@given(st.integers(1, 3_159), st.integers(1, 14_815), st.integers(1, 16_383))
def test_a_quota_raised_as_told_is_enough_for_the_whole_stack_and_one_unit_less_is_not(
    cpu: int, memory: int, storage: int
) -> None:
    """Starts below what prod asks for, so that each resource is short."""
    quota = put("namespace.quota", {"cpu": f"{cpu}m", "memory": f"{memory}Mi", "storage": f"{storage}Mi"})
    told = verdict(NO_INCREASE, drop("namespace.used"), quota).refusals
    raised = dict(line.split("raise requests.")[1].split(",")[0].split(" by ") for line in told)
    to = {resource: amount.split(" to ")[1] for resource, amount in raised.items()}
    assert set(to) == set(RESOURCES)
    assert verdict(NO_INCREASE, drop("namespace.used"), put("namespace.quota", to)).refusals == ()
    less = {
        "cpu": f"{parse_cpu(to['cpu']) - 1}m",
        **{name: bytes_text(parse_bytes(to[name]) - MI) for name in ("memory", "storage")},
    }
    assert len(verdict(NO_INCREASE, drop("namespace.used"), put("namespace.quota", less)).refusals) == 3


def test_the_summary_is_plain_json_with_exact_quantities() -> None:
    shown = summary(load_stack("prod"))
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["cpu"], shown["memory"], shown["storage"], shown["pods"]) == ("3360m", "15008Mi", "16Gi", 33)
    assert shown["resources"]["cpu"] == {
        "quota": "4",
        "requested": "10",
        "used": "2630m",
        "new": "2900m",
        "beyond_plan": "460m",
        "autoscaling": "0",
        "phase_3": "950m",
        "total": "6940m",
        "headroom_percent": 30.6,
    }
    assert shown["fits"] == {"now": False, "at_maximum": False, "with_phase_3": False}
    assert shown["fits_requested"] == {"now": True, "at_maximum": True, "with_phase_3": True}


def test_the_summary_of_a_stack_that_states_no_more_than_a_quota() -> None:
    shown = summary(load_stack("dev"))
    assert shown["fits"] == {"now": True, "at_maximum": True, "with_phase_3": True}
    assert shown["fits_requested"] == {"now": None, "at_maximum": None, "with_phase_3": None}
    assert (shown["resources"]["storage"]["used"], shown["resources"]["storage"]["requested"]) == ("0", None)


@pytest.mark.parametrize(
    ("resource", "amount", "as_planned", "as_told", "as_kubernetes"),
    [
        ("cpu", 2900, "2900m", "2900m", "2900m"),
        ("cpu", 4000, "4000m", "4000m", "4"),
        ("cpu", 0, "0", "0m", "0"),
        ("memory", 512 * MI, "512Mi", "512Mi", "512Mi"),
        ("memory", 13824 * MI, "13.5Gi", "13824Mi", "13824Mi"),
        ("memory", parse_bytes("3.3Gi"), "3.3Gi", "~3.30Gi", "3543348019"),
        ("storage", 16 << 30, "16Gi", "16Gi", "16Gi"),
        ("storage", 0, "0", "0", "0"),
        ("storage", -(64 * MI), "-64Mi", "-64Mi", "-64Mi"),
    ],
)
def test_amounts_are_written_for_their_readers(
    resource: Resource, amount: int, as_planned: str, as_told: str, as_kubernetes: str
) -> None:
    texts = (rounded(resource, amount), readable(resource, amount), quantity(resource, amount))
    assert texts == (as_planned, as_told, as_kubernetes)
