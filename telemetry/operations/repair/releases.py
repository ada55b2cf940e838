"""Decides what frees a Helm release that a killed run has left half-way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from telemetry.clients.cli_tools import ListedRelease, Revision
from telemetry.engine.state import ReleaseState
from telemetry.kubernetes.revisions import GOOD


class Way(Enum):
    """What is done with a release."""

    UNINSTALL = "uninstall it; its volume claims stay, and the next up installs it anew"
    ROLL_BACK = "roll it back, so that the next up can upgrade it"
    REVERT = "roll it back to what was last deployed, so that nothing of it stays, and free pods that wait for it"
    SETTLE = "note it as deployed, for its pods are ready by now: what it added is then known to the next up"
    RETRY = "note it in the state as unfinished, so that the next up upgrades it; the release itself is left alone"
    LEAVE = (
        "nothing: no killed run can have made it. If the state was lost, adopt it; else uninstall it (docs/recovery.md)"
    )

    @property
    def covers(self) -> "frozenset[Way]":
        """What may be done in its stead without asking again, because it does less."""
        ways = [Way.UNINSTALL, Way.ROLL_BACK, Way.REVERT, Way.SETTLE, Way.RETRY, Way.LEAVE]
        return frozenset(ways[ways.index(self) :])


@dataclass(frozen=True)
class Failure:
    """What a failed release has done, of which an earlier revision was deployed."""

    added: tuple[str, ...] = ()
    """What it, and failed ones before it, have and the deployed one has not: an upgrade leaves it in the cluster."""
    waiting: bool = False
    """Whether workloads of it are not ready."""
    ordered: bool = False
    """Whether an ordered StatefulSet is among them: its pod will not be replaced by an upgrade."""

    @property
    def way(self) -> Way | None:
        """What is done about it; None: an upgrade mends it."""
        if self.waiting:
            return Way.REVERT if self.added or self.ordered else None
        return Way.SETTLE if self.added else None


@dataclass(frozen=True)
class Stuck:
    """A release that stands in the way of the next `up`."""

    name: str
    status: str
    revision: int
    way: Way
    failure: Failure | None = None

    def __str__(self) -> str:
        """Return what was found, for people."""
        found = f"release {self.name}, revision {self.revision}: {self.status}"
        if self.failure is None or not self.failure.added:
            return found
        first, *others = self.failure.added
        return f"{found}, and it added {first}" + (f" and {len(others)} more" if others else "")


def stuck(listed: ListedRelease, recorded: ReleaseState, failure: Failure | None = None) -> Stuck | None:
    """Return what is wrong with a release of this stack, or nothing; `failure` where an earlier revision was deployed.

    A failed one that the state has is left alone in the cluster, for it may well be at work: Helm calls failed what
    was not ready in time. But the state must not pass it off as done, or the next preview says 'unchanged'.
    """
    status, revision = listed["status"], int(listed["revision"])
    way = (failure.way if failure and recorded.deployed else None) or _way(status, revision, recorded)
    return Stuck(listed["name"], status, revision, way, failure) if way else None


def _way(status: str, revision: int, recorded: ReleaseState) -> Way | None:
    first = revision == 1
    if status in ("pending-install", "uninstalling"):
        return Way.UNINSTALL
    if status in ("pending-upgrade", "pending-rollback"):
        return Way.UNINSTALL if first else Way.ROLL_BACK
    if recorded.deployed:
        return Way.RETRY if status == "failed" and not recorded.unfinished else None
    if status not in ("deployed", "failed"):
        return None
    # The state does not know it, so `up` cannot make it: the name is taken. Nobody uses a release that a killed run
    # has made, for what leads to it would have been made after it.
    made_by_the_killed_run = first and (recorded.operation == "creating" or status == "failed")
    return Way.UNINSTALL if made_by_the_killed_run else Way.LEAVE


def last_good(history: Sequence[Revision], before: int) -> int:
    """Return the revision to roll back to: the newest that was deployed, or else the one before."""
    older: Iterable[Revision] = [each for each in history if each["revision"] < before]
    good = [each["revision"] for each in older if each["status"] in GOOD]
    return max(good, default=before - 1)
