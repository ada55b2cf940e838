"""Compares the status and the values of releases with the program's state."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from telemetry.kubernetes.diff import Name, diff, text
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.findings import DriftFinding
from telemetry.operations.drift.manifests import RecordedRelease

DEPLOYED = "deployed"
_WHAT_TO_DO = "docs/operations.md says how to free it"


def statuses(expected: Iterable[RecordedRelease], listed: Iterable[Mapping[str, Any]]) -> Iterator[DriftFinding]:
    """Yield a finding for each release that is not there, or not deployed whatever a preview may say of it."""
    found = {(each["namespace"], each["name"]): each for each in listed}
    for release in expected:
        there = found.get((release.namespace, release.name))
        if there is None:
            yield _status(release, None, "is gone")
        elif there["status"] != DEPLOYED:
            yield _status(release, there["status"], f"revision {there['revision']}; {_WHAT_TO_DO}")


def _status(release: RecordedRelease, found: str | None, note: str) -> DriftFinding:
    return DriftFinding("release", title(release), "status", DEPLOYED, found, release=release.name, note=note)


def values(release: RecordedRelease, deployed: Mapping[str, Any], concealer: Concealer) -> Iterator[DriftFinding]:
    """Yield the values that a release was last deployed with, and that the state does not know."""
    for change in diff(release.values, deployed):
        if change.old is None and change.new is None:  # nothing at all, and an explicit nothing
            continue
        before, after = concealer.shown("Release", tuple(map(_step, change.path)), change.old, change.new)
        yield DriftFinding("values", title(release), text(change.path), before, after, release=release.name)


def title(release: RecordedRelease) -> str:
    """Return what a release is called."""
    return f"Release {release.namespace}/{release.name}"


def _step(step: str | int | Name) -> str:
    """Return a step of a path as managedFields writes it."""
    if isinstance(step, Name):
        return f"k:{json.dumps({step.key: step.text})}"
    return f"i:{step}" if isinstance(step, int) else f"f:{step}"
