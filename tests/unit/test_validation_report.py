"""What is told of results: lines for people, JSON and JUnit for machines."""

from xml.etree import ElementTree

from syrupy.assertion import SnapshotAssertion

from telemetry.operations.validation import report
from telemetry.spec.checks import Result

RESULTS = [
    Result("payments", "metrics", "OTLP in, PromQL out", "passed", "1 found 0.20 s after it was taken", 0.3124),
    Result("payments", "traces", "OTLP/gRPC in, by id out", "skipped", "no route to gateway.ns.svc:4317", 0.0),
    Result("search", "metrics", "OTLP in, PromQL out", "failed", "answered 401 (<html> & [b]\x00 \N{SNOWMAN})", 1.5),
]


def test_the_json_keeps_its_shape(snapshot: SnapshotAssertion) -> None:
    assert report.as_json("prod", RESULTS) == snapshot


def test_the_junit_keeps_its_shape(snapshot: SnapshotAssertion) -> None:
    assert report.as_junit("prod", RESULTS) == snapshot


def test_the_junit_is_what_its_readers_take() -> None:
    """What Jenkins' junit-10.xsd and its like agree on: names, counts that are right, times."""
    root = ElementTree.fromstring(report.as_junit("prod", RESULTS))  # noqa: S314 - our own
    assert root.tag == "testsuites"
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["payments", "search"]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for tag, attribute in (("failure", "failures"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == len(suite.findall(f"testcase/{tag}"))
        for case in cases:
            assert {"name", "classname", "time"} <= set(case.keys())
            assert float(case.attrib["time"]) >= 0
    assert root.attrib["tests"] == "3"


def test_a_line_says_it_all_and_markup_in_it_is_text() -> None:
    line = report.line(RESULTS[2])
    assert line.plain.startswith("failed    1.50 s  search · metrics · OTLP in, PromQL out: answered 401")
    assert "[b]" in line.plain
    assert report.summary(RESULTS) == "3 checks: 1 passed, 1 failed, 1 skipped"
