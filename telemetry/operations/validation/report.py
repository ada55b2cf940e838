"""Formats results: a line for each, a summary, JSON, and JUnit's XML."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from xml.etree import ElementTree

from rich.text import Text

from telemetry.spec.checks import Result

SCHEMA_VERSION = 1
"""Of the JSON; raised whenever its shape changes."""
_COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}
_NOT_IN_XML = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


def line(result: Result) -> Text:
    """Return one check's line."""
    text = Text(f"{result.state:<8}", style=_COLOURS[result.state])
    text.append(f"{result.seconds:6.2f} s  {result.lane} · {result.signal} · {result.name}: ", style="default")
    return text.append(result.detail, style="default")


def summary(results: Sequence[Result]) -> str:
    """Return the last line."""
    count = Counter(result.state for result in results)
    return f"{len(results)} checks: {count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped"


def exit_code(results: Sequence[Result], *, allow_skipped: bool) -> int:
    """Return 0 if all passed, 1 if one failed, 3 if none failed but one was skipped, unless that is allowed."""
    states = {result.state for result in results}
    if "failed" in states or "passed" not in states:
        return 1
    return 3 if "skipped" in states and not allow_skipped else 0


def as_json(stack: str, results: Sequence[Result]) -> str:
    """Return results for programs."""
    count = Counter(result.state for result in results)
    content = {
        "schema_version": SCHEMA_VERSION,
        "stack": stack,
        "passed": count["passed"],
        "failed": count["failed"],
        "skipped": count["skipped"],
        "checks": [{**asdict(result), "seconds": round(result.seconds, 3)} for result in results],
    }
    return json.dumps(content, indent=2) + "\n"


def as_junit(stack: str, results: Sequence[Result]) -> str:
    """Return results as JUnit's XML, which CI systems read: a suite per lane."""
    root = ElementTree.Element("testsuites", {"name": f"validate {stack}", **_counts(results)})
    for lane, some in groupby(results, lambda result: result.lane):
        of_lane = list(some)
        skipped = str(sum(result.state == "skipped" for result in of_lane))
        suite = ElementTree.SubElement(root, "testsuite", {"name": lane, **_counts(of_lane), "skipped": skipped})
        for result in of_lane:
            _case(suite, result)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written.decode() + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(result.state == "failed" for result in results)),
        "errors": "0",
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _case(suite: ElementTree.Element, result: Result) -> None:
    named = {"classname": f"{result.lane}.{result.signal}", "name": result.name, "time": f"{result.seconds:.3f}"}
    case = ElementTree.SubElement(suite, "testcase", named)
    detail = result.detail.translate(_NOT_IN_XML)
    if result.state == "failed":
        ElementTree.SubElement(case, "failure", {"message": detail}).text = detail
    elif result.state == "skipped":
        ElementTree.SubElement(case, "skipped", {"message": detail})
    else:
        ElementTree.SubElement(case, "system-out").text = detail
