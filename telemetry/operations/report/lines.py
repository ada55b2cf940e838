"""A changed field as lines that people read, the same for terminal and Markdown."""

import difflib
import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from telemetry.config.amounts import readable
from telemetry.operations.report.model import Action, ChangeReport, Field, Item

Sign = Literal["+", "-", "~", " "]

WORDS: dict[str, str] = {
    "create": "created",
    "change": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "forget": "forgotten",
}
CANNOT = "cannot be changed in place, so `up` fails"
SIGNS: dict[Action, Sign] = {"create": "+", "change": "~", "replace": "~", "delete": "-", "forget": "-"}

_HASH = re.compile(r"[0-9a-f]{40,}")
_LONGEST = 500
"""Most characters of one value; the JSON has all of it."""


def of_field(field: Field) -> Iterator[tuple[Sign, str]]:
    """Yield the lines of a field: what goes, then what comes."""
    if field.op == "order":
        yield "~", f"{field.path}: order is now {', '.join(map(str, field.new))}"
    elif isinstance(field.old, str) and isinstance(field.new, str) and "\n" in field.old + field.new:
        yield "~", f"{field.path}:"
        yield from _of_text(field.old, field.new)
    else:
        if field.op != "add":
            yield "-", f"{field.path}: {_value(field.old)}"
        if field.op != "remove":
            yield "+", f"{field.path}: {_value(field.new)}"


def heading(it: Item) -> str:
    """Return an object with what becomes of it: `StatefulSet tempo: changed, 1 pod restarts`."""
    notes = [_pods(it)] if it.restart and not it.fails else ["read again without a restart"] if it.reloaded else []
    return f"{it.title}: {', '.join([word(it), *notes])}"


def word(it: Item) -> str:
    """Return what becomes of an object in a word or two."""
    return CANNOT if it.fails else WORDS[it.action]


def summary(report: ChangeReport) -> str:
    """Return what happens in one line."""
    counts = [f"{count} to {action}" for action, count in report.resources.items() if count and action != "same"]
    objects = [each for each in report.items if each.owner]
    within = f"; {len(objects)} object{'' if len(objects) == 1 else 's'} within releases" if objects else ""
    return f"{', '.join(counts) or 'no change'} ({report.resources['same']} unchanged){within}"


def policies_line(report: ChangeReport) -> str:
    """Return how many policies are kept."""
    broken = {each.rule for each in report.policies.violations}
    return f"{len(report.policies.rules) - len(broken)} of {len(report.policies.rules)} policies are kept"


def capacity_rows(report: ChangeReport) -> list[tuple[str, str, str]]:
    """Return what the stack asks for, before and after, and what the quota has room for."""
    before, after = report.capacity.before or {}, report.capacity.after
    rows = [(name, str(before.get(name, "-")), str(after[name])) for name in ("cpu", "memory", "storage", "pods")]
    rows += [
        (f"quota {name}", _quota(before, name), _quota(after, name))
        for name in ("cpu", "memory", "storage")
        if _of(after, name, "quota") != "-"
    ]
    return rows


def _of(capacity: dict[str, Any], resource: str, key: str) -> Any:
    found = capacity.get("resources", {}).get(resource, {}).get(key)
    return "-" if found is None else found


def _quota(capacity: dict[str, Any], resource: str) -> str:
    quota = str(_of(capacity, resource, "quota"))
    # 11.3Gi is no whole number of bytes, let alone of Mi: exact, it would be a number that nobody reads.
    return readable("memory", int(quota)) if resource != "cpu" and quota.isdigit() else quota


def _pods(it: Item) -> str:
    pods = it.restart.pods if it.restart else None
    return {None: "its pods restart", 0: "its pods do not restart", 1: "1 pod restarts"}.get(
        pods, f"{pods} pods restart"
    )


def _of_text(old: str, new: str) -> Iterator[tuple[Sign, str]]:
    for line in list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))[2:]:
        sign: Sign = "+" if line[0] == "+" else "-" if line[0] == "-" else " "
        yield sign, f"  {_cut(line[1:] if line[0] in '+- ' else '…')}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _cut(value if value and value == value.strip() and "\n" not in value else json.dumps(value))
    return _cut(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _cut(text: str) -> str:
    if _HASH.fullmatch(text):
        return f"{text[:12]}…"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
