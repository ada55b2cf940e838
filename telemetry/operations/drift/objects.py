"""Compares a deployed object with the live one, both completed by the API server."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import reduce

from telemetry.clients.dry_run import MANAGER, ChangedError, Cluster, RefusedError
from telemetry.kubernetes import managed_fields as ownership
from telemetry.kubernetes.managed_fields import Entry, Json, Writer
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.fields import FieldDifference, Policy, additions, differences
from telemetry.operations.drift.findings import DriftFinding

_TRIES = 3
_NOBODY = Entry(Writer(MANAGER, None), frozenset(), frozenset())


def compare(
    cluster: Cluster,
    manifest: Json,
    policy: Policy,
    concealer: Concealer,
    *,
    release: str | None,
    failed: tuple[Json, ...] = (),
) -> list[DriftFinding]:
    """Return what differs of an object; `failed`: what it was in revisions that failed, of which something may be left.

    The API server rehearses two things: to put back all that was stated, then to drop what strangers have added to
    it. So defaults are the same on both sides, and what others may write stays as it is.
    """
    subject = title(manifest)
    for attempt in range(_TRIES):
        live = cluster.live(manifest)
        if live is None:
            return [DriftFinding("object", subject, "", release=release, note="is gone")]
        if live["metadata"].get("deletionTimestamp"):
            return [DriftFinding("object", subject, "", release=release, note="is being deleted")]
        try:
            found = _unlike(cluster, live, manifest, policy, failed)
            return [_finding(each, live, manifest, concealer, release) for each in found]
        except ChangedError:
            if attempt == _TRIES - 1:
                raise
        except RefusedError as error:
            return [_refused(concealer.refusal(manifest["kind"], str(error)), live, manifest, policy, release)]
    raise AssertionError("unreachable")


def title(manifest: Json) -> str:
    """Return what an object is called: `Deployment ca7f8f-dev/mimir-gateway`."""
    metadata = manifest["metadata"]
    space = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{manifest['kind']} {space}{metadata['name']}"


def _unlike(
    cluster: Cluster, live: Json, manifest: Json, policy: Policy, failed: tuple[Json, ...]
) -> Iterable[FieldDifference]:
    owned = ownership.entries(live)
    applied = cluster.applied(manifest)
    added = additions(owned, _stated(applied), policy, tuple(_before(cluster, failed)))
    restored = cluster.replaced(reduce(ownership.without, added, applied)) if added else applied
    for each in differences(live, restored, ownership.tree([live, applied])):
        owners = tuple(entry for entry in owned if entry.wrote(each.path))
        if not policy.overlooks(each.path) and not policy.is_rightful(owners):
            yield each


def _stated(applied: Json) -> Entry:
    return next((each for each in ownership.entries(applied) if each.writer.manager == MANAGER), _NOBODY)


def _before(cluster: Cluster, failed: tuple[Json, ...]) -> Iterator[Entry]:
    """Yield what failed revisions stated; nothing of what the API server does not take."""
    for each in failed:
        with suppress(RefusedError):
            yield _stated(cluster.applied(each))


def _finding(
    difference: FieldDifference, live: Json, manifest: Json, concealer: Concealer, release: str | None
) -> DriftFinding:
    before, after = concealer.shown(manifest["kind"], difference.path, difference.expected, difference.found)
    return DriftFinding(
        "object",
        title(manifest),
        ownership.text(difference.path),
        before,
        after,
        tuple(entry.writer for entry in ownership.entries(live) if entry.wrote(difference.path)),
        release,
    )


def _refused(said: str, live: Json, manifest: Json, policy: Policy, release: str | None) -> DriftFinding:
    """Return that the live object can no longer become what was deployed: something that cannot change has changed."""
    by = tuple(entry.writer for entry in ownership.entries(live) if policy.is_foreign(entry))
    return DriftFinding("object", title(manifest), "", by=by, release=release, note=f"cannot be put back: {said}")
