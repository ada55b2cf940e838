"""Formats a drift report for a terminal, and as Markdown for an issue."""

import json
from collections.abc import Iterator
from typing import Any

from telemetry.config.markdown import head, row
from telemetry.operations.drift.findings import DriftFinding, DriftReport

_LONGEST = 60_000
"""Characters of Markdown: an issue takes 65,536."""
_WHERE = {
    "release": "Releases that are not deployed",
    "values": "Values",
    "object": "Live objects",
    "alerting": "Alertmanager",
    "program": "Resources of the program",
}
_HEADINGS = ("what", "where", "wanted", "found", "changed by")


def marker(stack: str) -> str:
    """Return the comment by which a stack's issue is found again."""
    return f"<!-- telemetry-drift:{stack} -->"


def summary(report: DriftReport) -> str:
    """Return the verdict in a sentence."""
    previewed = ", and the program's preview" if report.previewed else ""
    compared = f"{_count(report.releases, 'release')}, {_count(report.objects, 'object')}{previewed}"
    verdict = _count(len(report.findings), "finding") if report.findings else "No drift"
    unasked = (
        f" Not asked: what tenants have loaded into the Alertmanager ({report.unasked})." if report.unasked else ""
    )
    return f"{verdict} in {report.stack}: compared {compared}.{unasked}"


def terminal(report: DriftReport) -> Iterator[str]:
    """Yield the lines to print on a terminal."""
    subject = ""
    for each in report.findings:
        if each.subject != subject:
            of_release = f" (release {each.release})" if each.part == "object" and each.release else ""
            yield f"{each.subject}{of_release}"
        subject = each.subject
        expected, found = (side.replace("\n", "\n        ") for side in _sides(each))
        yield f"    {each.path}: {expected} → {found}" if each.path else f"    {each.note}"
        if _by(each):
            yield f"        by {_by(each)}"
    yield summary(report)


def markdown(report: DriftReport) -> str:
    """Return the report with its marker first, shortened where it would be too long; empty if there is no drift."""
    if not report.findings:
        return ""
    lines = [marker(report.stack), "", summary(report)]
    part, size = "", 0
    for number, each in enumerate(report.findings):
        new = [] if each.part == part else ["", f"### {_WHERE[each.part]}", "", *head(_HEADINGS)]
        new.append(_row(each))
        part, size = each.part, size + sum(len(line) + 1 for line in new)
        if size > _LONGEST:
            lines += ["", f"… and {len(report.findings) - number} more: run the command to see them."]
            break
        lines += new
    return "\n".join([*lines, ""])


def _row(finding: DriftFinding) -> str:
    where = _code(finding.path) if finding.path else _plain(finding.note)
    sides = (_code(side) if side else "" for side in _sides(finding))
    return row((_plain(finding.subject), where, *sides, _plain(_by(finding))))


def _sides(finding: DriftFinding) -> tuple[str, str]:
    if not finding.path:
        return "", ""
    if finding.part == "release":
        return str(finding.wanted), f"{finding.found or 'nothing'}; {finding.note}"
    return _text(finding.wanted, "not stated"), _text(finding.found, "nothing")


def _text(value: Any, nothing: str) -> str:
    if value is None:
        return nothing
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _by(finding: DriftFinding) -> str:
    return "; ".join(map(str, finding.by)) or ("somebody who is not recorded" if finding.part == "object" else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _plain(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").replace("@", "&#64;")
    return "<br>".join(escaped.splitlines())


def _code(text: str) -> str:
    """Return text as code in a cell of a table: neither a bar, nor a tag, nor a mention in it means anything."""
    return f"<code>{_plain(text).replace('`', '&#96;').replace('*', '&#42;').replace('_', '&#95;')}</code>"
