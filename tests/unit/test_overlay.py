"""Values that are laid over a chart's: merged last, and known to whoever looks at a release (docs/values.md)."""

from typing import Any

import pytest

from telemetry.capacity.figures import report
from telemetry.charts.paths import ChartPaths, paths_of
from telemetry.collector.release import refusal
from telemetry.config.chart import Chart
from telemetry.config.overlay import Overlay
from telemetry.engine.preview import read
from telemetry.operations.report.build import Found, Rendered, build
from telemetry.operations.report.model import ChangeReport
from telemetry.releases import deployed, releases_of
from telemetry.spec.overlay import laid_over, unchecked
from telemetry.spec.values.common import merged
from telemetry.stack import Stack
from tests.support import Change, load_stack, put
from tests.unit.bad_collectors import DAEMON_SET
from tests.unit.policy_cases import stranger

GRACE = "metrics.values.add.ingester.terminationGracePeriodSeconds"
STEP = {
    "op": "create",
    "urn": "urn:pulumi:dev::telemetry::kubernetes:helm.sh/v3:Release::mimir",
    "newState": {"inputs": {"name": "mimir", "namespace": "ns", "chart": "mimir-distributed", "version": "6.1.0"}},
}


CHANGES: dict[str, Change] = {
    "traces": put("traces.values", {"add": {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["s3"]}]}}),
    "metrics": put("metrics.values", {"override": {"mimir": {"structuredConfig": {"usage_stats": {"enabled": True}}}}}),
}


def values_of(release: str, stack: Stack) -> dict[str, Any]:
    return next(each["values"] for each in deployed(stack) if each["name"] == release)


@pytest.mark.parametrize(
    ("values", "over", "result"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": ""}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({}, {"a": {"b": {}}}, {"a": {"b": {}}}),
    ],
)
def test_values_are_merged_as_helm_merges(values: dict[str, Any], over: dict[str, Any], result: dict[str, Any]) -> None:
    before = repr(values)
    assert merged(values, over) == result
    assert repr(values) == before


@pytest.mark.parametrize(("signal", "release"), [("traces", "tempo"), ("metrics", "mimir")])
def test_what_helm_is_given_is_the_result(signal: str, release: str) -> None:
    changed = load_stack("dev", CHANGES[signal])
    before, after = values_of(release, load_stack()), values_of(release, changed)
    assert after == laid_over(before, getattr(changed, signal).values) != before


def test_a_secret_may_be_named_and_a_variable_may_stand_for_it() -> None:
    values = {
        "ingester": {
            "env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]
        },
        "mimir": {"structuredConfig": {"memberlist": {"password": "${DB_PASSWORD}"}}},
    }
    assert values_of("mimir", load_stack("dev", put("metrics.values.add", values)))["ingester"]["env"]


def test_a_collectors_values_are_laid_over_and_refused_as_a_backends_are() -> None:
    over = put(
        "collector", {**DAEMON_SET, "values": {"override": {"controller": {"updateStrategy": {"type": "OnDelete"}}}}}
    )
    good = load_stack("dev", over)
    assert refusal(good) is None
    assert values_of("collector", good)["controller"]["updateStrategy"]["type"] == "OnDelete"
    for add, said in (
        (
            {"controler": {"dnsPolicy": "None"}},
            "add.controler.dnsPolicy: unknown to the chart alloy 1.11.1 (did you mean",
        ),
        ({"alloy": {"resources": {"limits": {"cpu": "2"}}}}, "set it at telemetry:collector.size"),
    ):
        bad = load_stack("dev", put("collector", {**DAEMON_SET, "values": {"add": add}}))
        assert said in str(refusal(bad))


def test_paths_of_a_version_that_was_not_read_are_not_checked_and_that_is_said() -> None:
    stack = load_stack("dev", put("metrics.chart.version", "6.0.6"), put("metrics.values.add.no.such.path", 1))
    (release,) = (each for each in releases_of(stack) if each.name == "mimir")
    assert "the chart mimir-distributed 6.0.6 are not known here" in str(unchecked(release.overlay, release.chart))
    assert unchecked(Overlay(), release.chart) is None
    known = Chart(name="mimir-distributed", version="6.1.0", repository="https://charts.example")
    assert unchecked(release.overlay, known) is None


def test_the_report_names_the_values_and_counts_what_they_add() -> None:
    def reported(stack: Stack) -> ChangeReport:
        seen = read({"steps": [STEP]})
        cache = stranger()
        cache["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "1", "memory": "64Gi"}
        return build(stack, seen, {seen.releases[0].urn: Rendered((), (cache,))}, Found("nothing"))

    def about(what: str, report: ChangeReport) -> list[str]:
        return [each.text for each in report.warnings if each.about == what]

    quota = put("namespace.quota", {"cpu": "4", "memory": "32Gi", "storage": "64Gi"})
    told = reported(load_stack("dev", quota, put(GRACE, 1300)))
    assert about("release mimir", told) == ["values added (docs/values.md): ingester.terminationGracePeriodSeconds"]
    assert about("quota", told)[0].startswith("values that are laid over the charts add 600m of cpu, 62Gi of memory")
    assert about("quota", told)[1:] == ["with them requests.memory needs 64Gi of 32Gi"]
    assert "known-pods" in {each.rule for each in told.policies.violations}
    assert about("quota", reported(load_stack("dev", quota))) == [], "what settings tell is all there is"


def test_the_capacity_says_that_values_may_add_to_it() -> None:
    assert any("laid over those of mimir" in note for note in report(load_stack("dev", put(GRACE, 1300))).notes)
    assert not any("laid over" in note for note in report(load_stack()).notes)


def test_a_near_path_is_found_among_leaves_and_parts() -> None:
    paths = ChartPaths({"a/resources/cpu": 1, "b": {}}, frozenset({"c/hidden"}), frozenset())
    assert paths.nearest("a/resorces/cpu") == "a/resources/cpu"
    assert paths.nearest("a/resorces") == "a/resources"
    assert paths.nearest("c/hiden") == "c/hidden"
    assert paths.nearest("zzzzzz") is None
    assert paths_of("tempo", "9.9.9") is None
