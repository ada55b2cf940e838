"""The report as a comment of a pull request: what matters first, the diffs folded away, never too long."""

import re
from collections.abc import Mapping
from itertools import groupby

from telemetry.config.markdown import table
from telemetry.config.targets import make
from telemetry.operations.report.lines import (
    CANNOT,
    WORDS,
    capacity_rows,
    heading,
    of_field,
    policies_line,
    summary,
    word,
)
from telemetry.operations.report.model import ChangeReport, Item, ReleaseChange

LIMIT = 21_000
"""Characters, so that three stacks fit into one comment; GitHub refuses one of more than 65,536."""
_SHARE = 5
"""One part in so many of a comment may be taken by its warnings, and as much by the list of objects."""
_TITLES = 40
"""Most objects that are named in one line."""
_NOTICE = 600
"""Characters that are kept free for saying what was left out."""


def marker(stack: str) -> str:
    """Return the line by which a later run finds its comment."""
    return f"<!-- telemetry-report:{stack} -->"


def markdown(report: ChangeReport, limit: int = LIMIT) -> str:
    """Return the report as Markdown of at most `limit` characters; nothing if nothing changes and all is well."""
    if not (report.changes or report.refused or report.policies.violations):
        return ""
    head = [
        marker(report.stack),
        f"### {report.stack}: {summary(report)}",
        f"Compared with {_text(report.compared_with)}.",
    ]
    head += [f"**Refused:** {_text(text)}" for text in report.refused]
    broken = [f"- **{each.severity}** {each.rule}: {_text(each.text)}" for each in report.policies.violations]
    head += [f"{policies_line(report)}.", *_some(broken, limit // _SHARE, "violations")]
    lines = [f"- **{each.level}** {_text(each.about)}: {_text(each.text)}" for each in report.warnings]
    head += _some(lines, limit // _SHARE, "warnings")
    head += [_capacity(report), *_some(_overview(report), limit // _SHARE, "lines of objects")]
    text = "\n\n".join(_paragraphs(head))
    left_out = []
    for it in (each for each in report.items if each.fields):
        block = _folded(it)
        if len(text) + len(block) + _NOTICE + 2 <= limit:
            text += f"\n\n{block}"
        else:
            left_out.append(it)
    if left_out:
        text += f"\n\n{_notice(left_out, report)}"
    return f"{text}\n"


def _paragraphs(parts: list[str]) -> list[str]:
    """Return parts with neighbouring list items as one paragraph."""
    groups = groupby(parts, key=lambda part: part.startswith("- "))
    return [text for is_list, items in groups for text in (["\n".join(items)] if is_list else items)]


def _some(lines: list[str], room: int, what: str) -> list[str]:
    """Return as many lines as there is room for, and how many there are beyond."""
    kept: list[str] = []
    used = 0
    for line in lines:
        used += len(line) + 2
        if used > room:
            return [*kept, f"- … and {len(lines) - len(kept)} more {what}, left out for length"]
        kept.append(line)
    return kept


def _capacity(report: ChangeReport) -> str:
    return table(("Capacity", "Before", "After"), capacity_rows(report), numbers=True)


def _overview(report: ChangeReport) -> list[str]:
    """Return what is created, changed and so on, a line per release and action."""
    versions = {each.name: each for each in report.releases}
    lines = []
    for owner in dict.fromkeys(each.owner for each in report.items):
        for becomes in (CANNOT, *WORDS.values()):
            titles = [each.title for each in report.items if (each.owner, word(each)) == (owner, becomes)]
            if titles:
                more = f" and {len(titles) - _TITLES} more" if len(titles) > _TITLES else ""
                lines.append(f"- {_place(owner, versions)}, {becomes}: {_text(', '.join(titles[:_TITLES]))}{more}")
    owners = {each.owner for each in report.items}
    untouched = [each for each in report.releases if each.action != "same" and each.name not in owners]
    return lines + [f"- release {each.name} is to {each.action}, but no object of it does" for each in untouched]


def _place(owner: str, versions: Mapping[str, ReleaseChange]) -> str:
    release = versions.get(owner)
    if release is None:
        return "resources"
    was = f" (was {release.old_version})" if release.old_version not in (None, release.version) else ""
    return f"release {owner} {release.version}{was}"


def _folded(it: Item) -> str:
    """Return an object's diff, folded away."""
    lines = [f"{sign} {text}" for field in it.fields for sign, text in of_field(field)]
    body = "\n".join(lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", body)), default=0))
    return f"<details><summary>{_text(heading(it))}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>"


def _notice(left_out: list[Item], report: ChangeReport) -> str:
    with_fields = sum(1 for it in report.items if it.fields)
    names = ", ".join(it.title for it in left_out)
    names = names if len(names) <= 250 else f"{names[:250].rpartition(', ')[0]} and others"
    return (
        f"**Left out for length:** the diffs of {len(left_out)} of {with_fields} objects ({_text(names)}). "
        f"`{make('report', report.stack)}` shows all, and so does the job's JSON."
    )


def _text(text: str) -> str:
    """Return text that Markdown shows as it is, but for code between backticks; it calls nobody by an @."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("@", "@\u200b")
    return re.sub(r"([\\*_\[\]|~#])", r"\\\1", escaped) if "`" not in escaped else escaped
