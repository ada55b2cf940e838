"""Whether releases are what the program's state has: by Helm's own word, and by their values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.findings import Finding
from telemetry.operations.drift.manifests import Release

DEPLOYED = "deployed"
_WHAT_TO_DO = "docs/operations.md says how to free it"


def statuses(expected: Iterable[Release], listed: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield a finding for each release that is not there, or not deployed whatever a preview may say of it."""
    found = {(each["namespace"], each["name"]): each for each in listed}
    for release in expected:
        there = found.get((release.namespace, release.name))
        if there is None:
            yield _status(release, None, "is gone")
        elif there["status"] != DEPLOYED:
            yield _status(release, there["status"], f"revision {there['revision']}; {_WHAT_TO_DO}")


def _status(release: Release, found: str | None, note: str) -> Finding:
    return Finding("release", title(release), "status", DEPLOYED, found, release=release.name, note=note)


def values(release: Release, deployed: Mapping[str, Any], concealer: Concealer) -> Iterator[Finding]:
    """Yield the values that a release was last deployed with, and that the state does not know."""
    for path, wanted, found in _unlike(release.values, deployed, ()):
        before, after = concealer.shown("Release", tuple(f"f:{key}" for key in path), wanted, found)
        yield Finding("values", title(release), ".".join(path), before, after, release=release.name)


def title(release: Release) -> str:
    """Return what a release is called."""
    return f"Release {release.namespace}/{release.name}"


def _unlike(wanted: Any, found: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted({*wanted, *found}):
            yield from _unlike(wanted.get(key), found.get(key), (*path, key))
    elif wanted != found:
        yield path, wanted, found
