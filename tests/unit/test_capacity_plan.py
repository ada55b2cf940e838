"""From prod's settings the program makes the plan's own two tables (R5, R34), to the rounding used there."""

import pytest
from syrupy.assertion import SnapshotAssertion

from telemetry.capacity import tables
from telemetry.capacity.figures import Report, Scenario, report
from telemetry.capacity.fit import check
from telemetry.capacity.tables import Table
from tests.support import ENVIRONMENTS, load_stack, put

TIMES = "\u00d7"
# 'Prod Component Breakdown (Phase 1)', typed in: replicas, CPU, memory, storage.
BREAKDOWN = {
    "Tempo distributor": ("2", "200m", "512Mi", ""),
    "Tempo ingester": ("3", "600m", "3Gi", f"6Gi (2Gi{TIMES}3)"),
    "Tempo querier": ("2", "200m", "1Gi", ""),
    "Tempo query-frontend": ("2", "100m", "512Mi", ""),
    "Tempo compactor": ("1", "100m", "512Mi", ""),
    "Tempo store-gateway": ("2", "200m", "1Gi", ""),
    "Mimir distributor": ("2", "200m", "512Mi", ""),
    "Mimir ingester": ("3", "600m", "3Gi", f"6Gi (2Gi{TIMES}3)"),
    "Mimir querier": ("2", "200m", "1Gi", ""),
    "Mimir query-frontend": ("2", "100m", "512Mi", ""),
    "Mimir compactor": ("1", "100m", "512Mi", "2Gi"),
    "Mimir store-gateway": ("2", "200m", "1Gi", ""),
    "Mimir alertmanager": ("2", "100m", "512Mi", f"2Gi (1Gi{TIMES}2)"),
}
TOTAL = ("2900m", "13.5Gi", "16Gi")
# 'Prod Quota Increase Request', typed in without its '~'.
REQUEST = {
    "CPU": ("4000m", "2630m", "2900m", "950m", "6480m", "10000m", "35%"),
    "Memory": ("16Gi", "8.5Gi", "13.5Gi", "3.3Gi", "25.3Gi", "32Gi", "21%"),
    "Storage": ("64Gi", "55Gi", "16Gi", "2Gi", "73Gi", "96Gi", "24%"),
}
# Tempo has no store-gateway: its metrics-generator uses the budget of that row.
OUR_NAME = {"Tempo store-gateway": "Tempo metrics-generator"}


@pytest.fixture(scope="module")
def prod() -> Report:
    return report(load_stack("prod"))


def cells(table: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


@pytest.mark.parametrize("component", BREAKDOWN)
def test_each_component_is_as_planned(prod: Report, component: str) -> None:
    shown = cells(tables.breakdown(prod))[OUR_NAME.get(component, component)]
    assert shown[:4] == BREAKDOWN[component]


def test_nothing_else_counts_as_planned(prod: Report) -> None:
    planned = {f"{row.backend} {row.role}" for row in prod.rows if row.in_plan}
    assert planned == {OUR_NAME.get(component, component) for component in BREAKDOWN}


def test_the_rows_add_up_to_the_plans_total(prod: Report) -> None:
    shown = cells(tables.breakdown(prod))["Phase 1 total"]
    assert shown[1:4] == TOTAL
    assert shown[0] == str(sum(int(replicas) for replicas, *_ in BREAKDOWN.values()))


@pytest.mark.parametrize("resource", REQUEST)
def test_the_quota_request_is_as_planned(prod: Report, resource: str) -> None:
    assert cells(tables.quota(prod))[resource][:7] == REQUEST[resource]


def test_beside_the_plan_stands_what_is_really_asked_for(prod: Report) -> None:
    beyond = {f"{row.role}": (row.total.pods, row.total.cpu) for row in prod.rows if not row.in_plan}
    assert beyond == {"query-scheduler": (2, 100), "ruler": (2, 100), "nginx": (2, 250), "overrides-exporter": (1, 10)}
    shown = {resource: row[7:] for resource, row in cells(tables.quota(prod)).items()}
    assert shown == {
        "CPU": ("460m", "6940m", "31%"),
        "Memory": ("1.2Gi", "26.5Gi", "17%"),
        "Storage": ("0", "73Gi", "24%"),
    }


def test_prod_fits_what_is_requested_and_not_what_there_is(prod: Report) -> None:
    assert {prod.fits(scenario, "quota") for scenario in Scenario} == {False}
    assert {prod.fits(scenario, "requested") for scenario in Scenario} == {True}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tables_are_as_last_agreed(environment: str, golden: SnapshotAssertion) -> None:
    figures = report(load_stack(environment))
    shown = (tables.breakdown(figures), tables.quota(figures), tables.fits(figures))
    assert {table.title: [table.headers, *table.rows] for table in shown} == golden


def test_the_quota_request_says_why_in_words() -> None:
    text = tables.markdown(report(load_stack("prod")), check(load_stack("prod")))
    request = text.partition("### Justification\n")[2].partition("\n###")[0]
    for words in (
        "Tempo, Mimir and Gateway are the telemetry platform of prod",
        "3 replicas of Tempo ingester and 3 replicas of Mimir ingester are needed so that one can be lost",
        "11 roles that hold no data have at least 2 replicas",
        "**No CPU limits**",
        "it has room for Phase 3 (CPU 950m, Memory 3.3Gi and Storage 2Gi)",
        "**Requested increases**: CPU 4000m → 10000m, Memory 16Gi → 32Gi, Storage 64Gi → 96Gi.",
    ):
        assert words in request, request


def test_a_request_of_a_platform_that_limits_cpu_does_not_say_that_there_are_no_limits() -> None:
    limited = load_stack("prod", put("policy", {"cpu_limits": "all"}))
    text = tables.markdown(report(limited), check(limited))
    assert "### Justification" in text
    assert "**No CPU limits**" not in text


def test_who_asks_for_nothing_justifies_nothing() -> None:
    assert "Justification" not in tables.markdown(report(load_stack("dev")), check(load_stack("dev")))
