"""Findings from the engine's preview after a refresh."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.engine.preview import Step, errors, steps, title
from telemetry.engine.urn import RELEASE_TYPE, kind_of
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.findings import DriftError, DriftFinding
from telemetry.redaction import HIDDEN

_CONFLICT = "field conflict"
_NOTES = {"create": "is gone", "delete": "is there, but not in the program"}
_STEP = re.compile(r"\[\"((?:[^\"\\]|\\.)*)\"\]|\[(\d+)\]|([^.\[\]]+)")


def findings(preview: Mapping[str, Any], concealer: Concealer) -> tuple[DriftFinding, ...]:
    """Return a finding for each property of a `pulumi preview --refresh --json` that would change."""
    changing = (step for step in steps(preview) if step.action != "same")
    return tuple(finding for step in changing for finding in _of(step, concealer))


def conflicts(preview: Mapping[str, Any]) -> dict[str, str]:
    """Return the resources, by URN, at which the preview stopped because somebody took over fields of theirs.

    Raises:
        DriftError: it failed for another reason, with the engine's words.
    """
    failures = errors(preview)
    found = {each.urn: each.message for each in failures if each.urn and _CONFLICT in each.message}
    if failures and not found:
        raise DriftError("pulumi preview failed:\n" + "\n".join(each.message for each in failures))
    return found


def conflicting(urn: str, said: str) -> DriftFinding:
    """Return the finding for such a resource."""
    managers = sorted(set(re.findall(r'conflict with "([^"]*)"', said)))
    fields = ", ".join(sorted(set(re.findall(r": (\.\S+)", said))))
    note = f"a preview fails: {', '.join(managers) or 'another manager'} took over {fields or 'some of its fields'}"
    return DriftFinding("program", title(urn), "", note=note)


def _of(step: Step, concealer: Concealer) -> Iterator[DriftFinding]:
    release = step.name if step.type == RELEASE_TYPE else None
    changed = sorted(step.detail or step.reasons)
    if step.action in _NOTES or not changed:
        note = _NOTES.get(step.action, f"would be {step.action}d")
        yield DriftFinding("program", step.title, "", release=release, note=note)
        return
    for path in changed:
        expected, found = (_at(side, path) for side in (step.new, step.old))
        keys = tuple(f"f:{key}" for key in _keys(path))
        before, after = concealer.shown(kind_of(step.urn), keys, expected, found)
        yield DriftFinding("program", step.title, path, before, after, release=release)


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
