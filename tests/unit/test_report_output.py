"""The report as people and programs get it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from telemetry.operations.report.lines import capacity_rows
from telemetry.operations.report.markdown import markdown
from telemetry.operations.report.model import Capacity, ChangeReport
from telemetry.operations.report.terminal import terminal

CAPACITY: dict[str, Any] = {"cpu": "400m", "memory": "2Gi", "storage": "4Gi", "pods": 12}
QUOTAS: dict[str, Any] = {name: {"quota": amount} for name, amount in (("cpu", "2530m"), ("memory", None))}


def item(kind: str, name: str, action: str = "change", **more: Any) -> dict[str, Any]:
    """Return a thing that something happens to."""
    return {"system": "kubernetes", "kind": kind, "name": name, "action": action, **more}


def field(path: str, old: Any = None, new: Any = None, op: str = "change") -> dict[str, Any]:
    """Return a changed field."""
    return {"path": path, "op": op, "old": old, "new": new}


def report(**more: Any) -> ChangeReport:
    """Return a report with a bit of everything."""
    items = [
        item("Bucket", "dts-x", "create", system="s3"),
        item("ResourceQuota", "telemetry", fields=[field('spec.hard["requests.cpu"]', "2", "3")]),
        item(
            "ConfigMap",
            "mimir-config",
            owner="mimir",
            fields=[
                field('data["mimir.yaml"].limits', new={"a": 1}, op="add"),
                field('data["nginx.conf"]', "a\nb\nc\n", "a\nB\nc\n"),
                field("spec.args", ["-a", "-b"], ["-b", "-a"], op="order"),
                field("x.gone", "`@somebody` <b>", op="remove"),
                field('annotations["checksum/config"]', "a" * 64, "b" * 64),
            ],
        ),
        item(
            "StatefulSet",
            "mimir-ingester",
            "replace",
            owner="mimir",
            fails="StatefulSet: spec.serviceName cannot be changed",
            fields=[field("spec.serviceName", "a", "b")],
        ),
        item("StatefulSet", "mimir-compactor", owner="mimir", restart={"pods": 2, "how": "one after the other"}),
        item("Deployment", "gone", "delete", owner="mimir"),
    ]
    releases = [
        {
            "name": "mimir",
            "namespace": "ns",
            "action": "change",
            "chart": "m",
            "version": "6.1.0",
            "old_version": "6.0",
        },
        {"name": "tempo", "namespace": "ns", "action": "change", "chart": "t", "version": "2", "status": "deployed"},
    ]
    warnings = [{"level": "fails", "about": "StatefulSet mimir-ingester", "text": "spec.serviceName: `up` fails"}]
    return ChangeReport.model_validate(
        {
            "stack": "dev",
            "compared_with": "what is deployed in namespace ns",
            "resources": {"create": 1, "update": 3, "replace": 0, "delete": 0, "same": 18},
            "warnings": warnings,
            "policies": {"rules": ["cpu-limits", "requests"]},
            "capacity": {"before": {**CAPACITY, "cpu": "300m"}, "after": {**CAPACITY, "resources": QUOTAS}},
            "releases": releases,
            "items": items,
            **more,
        }
    )


NOTHING = {"resources": {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 22}, "items": [], "warnings": []}


def printed(of: ChangeReport) -> str:
    """Return what a terminal shows."""
    console = Console(width=100, no_color=True)
    with console.capture() as capture:
        console.print(terminal(of), soft_wrap=True)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def test_markdown_is_as_last_agreed(snapshot: SnapshotAssertion) -> None:
    assert markdown(report()) == snapshot


def test_terminal_is_as_last_agreed(snapshot: SnapshotAssertion) -> None:
    assert printed(report()) == snapshot


def test_json_is_as_last_agreed(golden: SnapshotAssertion) -> None:
    assert json.loads(report().model_dump_json()) == golden


def test_the_shape_of_the_json_is_as_last_agreed(golden: SnapshotAssertion) -> None:
    # Changed on purpose? Then raise report.model.SCHEMA_VERSION as well, and say so in docs/report.md.
    assert ChangeReport.model_json_schema() == golden


BROKEN = {
    "rule": "cpu-limits",
    "severity": "mandatory",
    "object": "Deployment gateway",
    "path": "spec.x",
    "found": "1",
    "allowed": "none",
    "mend": "remove it",
}


def test_a_policy_that_is_not_kept_is_told_even_when_nothing_changes() -> None:
    broken = report(**NOTHING, policies={"rules": ["cpu-limits", "requests"], "violations": [BROKEN]})
    said = "Deployment gateway, spec.x is 1; allowed: none; remove it"
    for text in (printed(broken), markdown(broken)):
        assert "1 of 2 policies are kept" in text
        assert f"cpu-limits: {said}" in text
    assert json.loads(broken.model_dump_json())["policies"]["violations"] == [BROKEN]


def test_many_violations_do_not_make_a_comment_too_long() -> None:
    many = [{**BROKEN, "object": f"Deployment {number}"} for number in range(2_000)]
    text = markdown(report(policies={"rules": ["cpu-limits"], "violations": many}))
    assert "more violations, left out for length" in text
    assert len(text) <= 21_000


def test_nothing_is_posted_when_nothing_changes() -> None:
    assert markdown(report(**NOTHING)) == ""
    assert "no change (22 unchanged)" in printed(report(**NOTHING))


def test_the_first_line_is_by_what_a_comment_is_found() -> None:
    assert markdown(report(stack="prod")).startswith("<!-- telemetry-report:prod -->\n")


@pytest.mark.parametrize(
    ("more", "allow", "code"),
    [
        (NOTHING, False, 0),
        ({"warnings": []}, False, 2),
        ({"warnings": [{"level": "disruptive", "about": "x", "text": "y"}]}, False, 2),
        ({"warnings": [{"level": "destructive", "about": "x", "text": "y"}]}, False, 3),
        ({"warnings": [{"level": "destructive", "about": "x", "text": "y"}]}, True, 2),
        ({}, False, 3),
        ({**NOTHING, "policies": {"rules": ["requests"], "violations": [BROKEN]}}, True, 4),
        ({"policies": {"rules": ["requests"], "violations": [BROKEN]}}, True, 4),
        (
            {**NOTHING, "policies": {"rules": ["requests"], "violations": [{**BROKEN, "severity": "advisory"}]}},
            False,
            0,
        ),
        ({"policies": {"rules": ["requests"], "violations": [BROKEN]}, "refused": ["x"]}, True, 1),
        ({}, True, 2),
        ({"refused": ["x is protected"]}, True, 1),
        ({**NOTHING, "refused": ["x is protected"]}, True, 1),
    ],
)
def test_exit_codes(more: dict[str, Any], allow: bool, code: int) -> None:
    assert report(**more).exit_code(allow=allow) == code


@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 200)), max_size=60),
    st.integers(0, 300),
    st.sampled_from([4_000, 21_000, 65_000]),
)
def test_a_comment_is_never_too_long_and_says_what_it_leaves_out(
    sizes: list[tuple[int, int]], warnings: int, limit: int
) -> None:
    items = [
        item("ConfigMap", f"c{number}", owner="mimir", fields=[field("a", "x" * size, "`" * ticks)])
        for number, (size, ticks) in enumerate(sizes)
    ]
    created = [item("Service", f"s{number}", "create") for number in range(len(sizes))]
    warned = [{"level": "disruptive", "about": f"w{number}", "text": "so" * 40} for number in range(warnings)]
    text = markdown(report(items=[*items, *created], warnings=warned), limit)
    assert len(text) <= limit
    shown = text.count("<details>")
    assert text.count("</details>") == shown
    left_out = len(items) - shown
    assert (f"the diffs of {left_out} of {len(items)} objects" in text) == (left_out > 0)
    assert warnings - text.count("**disruptive** w") == 0 or "more warnings, left out for length" in text


def test_no_text_escapes_from_its_fence_or_calls_people() -> None:
    fields = [field("a", "x", "```\n</details> @somebody <script>")]
    text = markdown(report(items=[item("ConfigMap", "a<b>@all", fields=fields)]))
    assert "````diff" in text
    assert "a<b>" not in text
    assert "@all" not in text


def test_a_quota_that_is_no_whole_number_of_mebibytes_is_rounded_for_people() -> None:
    quotas = {"cpu": {"quota": "2530m"}, "memory": {"quota": "12133282611"}, "storage": {"quota": "33Gi"}}
    capacity = Capacity(before=None, after={**CAPACITY, "resources": quotas})
    rows = capacity_rows(report().model_copy(update={"capacity": capacity}))
    assert [(name, after) for name, _, after in rows[4:]] == [
        ("quota cpu", "2530m"),
        ("quota memory", "~11.30Gi"),
        ("quota storage", "33Gi"),
    ]
