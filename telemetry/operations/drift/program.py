"""What the engine's own preview, after a refresh, says of the resources that a program registers."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.engine.urn import RELEASE_TYPE
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.findings import DriftError, Finding
from telemetry.redaction import HIDDEN

_NO_CHANGE = frozenset({"same", "refresh", "read", "discard"})
_CONFLICT = "field conflict"
_STEP = re.compile(r"\[\"((?:[^\"\\]|\\.)*)\"\]|\[(\d+)\]|([^.\[\]]+)")


def findings(preview: Mapping[str, Any], concealer: Concealer) -> tuple[Finding, ...]:
    """Return a finding for each property of a `pulumi preview --refresh --json` that would change."""
    steps = (step for step in preview.get("steps") or [] if step["op"] not in _NO_CHANGE)
    return tuple(finding for step in steps for finding in _of(step, concealer))


def conflicts(preview: Mapping[str, Any]) -> dict[str, str]:
    """Return the resources, by URN, at which the preview stopped because somebody took over fields of theirs.

    Raises:
        DriftError: it failed for another reason, with the engine's words.
    """
    errors = [each for each in preview.get("diagnostics") or [] if each.get("severity") == "error"]
    found = {each["urn"]: each["message"].strip() for each in errors if "urn" in each and _CONFLICT in each["message"]}
    if errors and not found:
        raise DriftError("pulumi preview failed:\n" + "\n".join(each["message"].strip() for each in errors))
    return found


def conflicting(urn: str, said: str) -> Finding:
    """Return the finding for such a resource."""
    managers = sorted(set(re.findall(r'conflict with "([^"]*)"', said)))
    fields = ", ".join(sorted(set(re.findall(r": (\.\S+)", said))))
    note = f"a preview fails: {', '.join(managers) or 'another manager'} took over {fields or 'some of its fields'}"
    return Finding("program", _title(urn), "", note=note)


def _of(step: Mapping[str, Any], concealer: Concealer) -> Iterator[Finding]:
    subject, op = _title(step["urn"]), step["op"]
    kind = step["urn"].split("::")[2].rpartition(":")[2]
    release = step["urn"].rpartition("::")[2] if _type(step["urn"]) == RELEASE_TYPE else None
    changed = step.get("detailedDiff") or dict.fromkeys(step.get("diffReasons") or [])
    if op in ("create", "delete") or not changed:
        note = {"create": "is gone", "delete": "is there, but not in the program"}.get(op, f"would be {op}d")
        yield Finding("program", subject, "", release=release, note=note)
        return
    sides = [(step.get(side) or {}).get("inputs") or {} for side in ("newState", "oldState")]
    for path in sorted(changed):
        wanted, found = (_at(side, path) for side in sides)
        keys = tuple(f"f:{key}" for key in _keys(path))
        before, after = concealer.shown(kind, keys, wanted, found)
        yield Finding("program", subject, path, before, after, release=release)


def _title(urn: str) -> str:
    return f"{_type(urn).rpartition(':')[2]} {urn.rpartition('::')[2]}"


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _at(inputs: Any, path: str) -> Any:
    """Return what stands at a property path such as `spec.hard["requests.cpu"]`; None if nothing does."""
    for key in _keys(path):
        if inputs == HIDDEN:
            return HIDDEN
        if isinstance(inputs, list) and key.isdigit() and int(key) < len(inputs):
            inputs = inputs[int(key)]
        elif isinstance(inputs, dict):
            inputs = inputs.get(key)
        else:
            return None
    return inputs


def _keys(path: str) -> list[str]:
    return [quoted or index or name for quoted, index, name in _STEP.findall(path)]
