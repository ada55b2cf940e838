"""Finds what is wrong with a stack, and repairs it."""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import psutil

from telemetry.clients.cli_tools import Helm, ListedRelease, Pulumi, ToolError
from telemetry.engine import state
from telemetry.engine.state import Deployment, Live, Operation, ReleaseState
from telemetry.kubernetes.revisions import GOOD, additions
from telemetry.operations.readiness.why import Unready
from telemetry.operations.repair import locks, processes
from telemetry.operations.repair.errors import RepairError
from telemetry.operations.repair.locks import Lock
from telemetry.operations.repair.processes import Runs
from telemetry.operations.repair.releases import Failure, Stuck, Way, last_good, stuck

FAILED = "failed"


class Workloads(Protocol):
    """The workloads of a stack (repair.pods)."""

    def unready(self) -> tuple[Unready, ...]:
        """Return those that are not ready. Raises RepairError."""

    def unstick(self, releases: Collection[str]) -> Iterator[str]:
        """Delete pods that are never replaced by themselves, and yield their names. Raises RepairError."""


class Changed(Exception):  # noqa: N818 - no error: one looks again
    """Something is no longer as it was found; the rest of the plan was not carried out."""


@dataclass(frozen=True)
class RepairFinding:
    """One line of a plan."""

    found: str
    will: str
    """What is done about it."""


@dataclass(frozen=True)
class RepairPlan:
    """What a killed or failed run has left of a stack."""

    orphans: tuple[psutil.Process, ...] = ()
    locks: tuple[Lock, ...] = ()
    operations: tuple[Operation, ...] = ()
    releases: tuple[Stuck, ...] = ()
    pods: tuple[str, ...] = ()
    """Those that ordered StatefulSets of failed releases will never replace."""
    waiting: tuple[Unready, ...] = ()
    """The workloads of failed releases that are not ready."""

    @property
    def findings(self) -> list[RepairFinding]:
        """The plan in words, in the order in which it is carried out."""
        return [
            *(
                RepairFinding(f"process {each.pid}, {_name(each)}: its pulumi is gone", "end it")
                for each in self.orphans
            ),
            *(RepairFinding(f"the stack is locked by {each}", "release the lock") for each in self.locks),
            *(RepairFinding(str(each), each.way.value) for each in self.releases),
            *(RepairFinding(f"pod {each}: of the template before, and never ready", "delete it") for each in self.pods),
            *(RepairFinding(f"unfinished: {each.type} {each.name}", _fate(each)) for each in self.operations),
        ]

    @property
    def mendable(self) -> bool:
        """Whether anything can be done."""
        mendable = [each for each in self.releases if each.way is not Way.LEAVE]
        return bool(self.orphans or self.locks or self.operations or self.pods or mendable)

    def covers(self, releases: Iterable[Stuck]) -> bool:
        """Whether no more has to be done with releases than this plan says."""
        planned = {each.name: each.way.covers for each in self.releases}
        return all(each.way in planned.get(each.name, ()) for each in releases)


@dataclass(frozen=True)
class Repair:
    """Finds and mends what is left of a killed or failed run of one stack."""

    pulumi: Pulumi
    helm: Helm
    live: Live
    """Asks for what was being made."""
    runs: Runs
    releases: Collection[str]
    """The names of the stack's Helm releases: those that the state does not know count too."""
    pods: Workloads | None = field(default=None, kw_only=True)
    """Says what of a failed release is not ready; None: nobody is asked."""
    elsewhere_too: bool = field(default=False, kw_only=True)
    """Take it that a run of another machine that holds a lock was killed."""

    def find(self) -> RepairPlan:
        """Look, and change nothing.

        Raises:
            RepairError: a run is at work on this project, or may be on another machine.
            ToolError: pulumi or helm cannot say.
        """
        self._leave_others_alone()
        held = locks.stale(locks.held(self.pulumi), elsewhere_too=self.elsewhere_too)
        deployment = self._export()["deployment"]
        listed = self._listed(deployment)
        waiting = self._waiting(listed)
        found = self._stuck(deployment, listed, waiting)
        reverted = {each.name for each in found if each.way is Way.REVERT}
        pods = tuple(pod for each in waiting if each.release not in reverted for pod in each.stuck)
        operations = state.operations(deployment)
        return RepairPlan(tuple(self.runs.orphans()), held, operations, tuple(found), pods=pods, waiting=waiting)

    def carry_out(self, plan: RepairPlan) -> Iterator[str]:
        """Mend what was found, and tell of each thing once it is done.

        Raises:
            Changed: a process that was ended had gone on meanwhile, and more has to be done than was said: look again.
            RepairError: a run has begun on this project.
            ToolError: pulumi or helm failed; looking again shows what is left.
        """
        self._leave_others_alone()
        processes.end_family(plan.orphans)
        yield from (f"ended process {each.pid}, left over from a killed run" for each in plan.orphans)
        if plan.locks:
            self.pulumi.run("cancel", "--yes")
            yield "released the lock of a killed run"
        exported = self._export()
        listed = self._listed(exported["deployment"])
        releases = self._stuck(exported["deployment"], listed, self._waiting(listed))
        if not plan.covers(releases):
            raise Changed
        for release in releases:
            yield from self._free(release)
        if self.pods is not None and (plan.pods or any(each.way is Way.REVERT for each in releases)):
            deleted = self.pods.unstick(_failed(listed))
            yield from (f"deleted pod {pod}, which nothing else would replace" for pod in deleted)
        yield from self._settle(exported, releases)

    def _leave_others_alone(self) -> None:
        for engine in self.runs.engines():
            raise RepairError(f"pulumi runs on this project (process {engine.pid}): let it end first")

    def _export(self) -> dict[str, Deployment]:
        exported: dict[str, Deployment] = self.pulumi.json("stack export")
        return {**exported, "deployment": exported.get("deployment") or {}}

    def _listed(self, deployment: Deployment) -> list[ListedRelease]:
        ours = {*self.releases, *state.release_states(deployment)}
        return [each for each in self.helm.list_all() if each["name"] in ours]

    def _waiting(self, listed: Collection[ListedRelease]) -> tuple[Unready, ...]:
        failed = _failed(listed)
        if self.pods is None or not failed:
            return ()
        return tuple(each for each in self.pods.unready() if each.release in failed)

    def _stuck(
        self, deployment: Deployment, listed: Collection[ListedRelease], waiting: Collection[Unready]
    ) -> list[Stuck]:
        known_releases = state.release_states(deployment)
        found = [
            stuck(each, known_releases.get(each["name"], ReleaseState()), self._failure(each, waiting))
            for each in listed
        ]
        return [each for each in found if each]

    def _failure(self, release: ListedRelease, waiting: Collection[Unready]) -> Failure | None:
        """Return what a failed release has done; None where it has not failed, or nothing of it was ever deployed."""
        name, newest = release["name"], int(release["revision"])
        if release["status"] != FAILED:
            return None
        history = self.helm.history(name)
        good = max((each["revision"] for each in history if each["status"] in GOOD), default=None)
        if good is None:
            return None
        since = sorted(each["revision"] for each in history if good < each["revision"] <= newest)
        before = self.helm.get_manifest(name, revision=good) or ""
        manifests = (self.helm.get_manifest(name, revision=each) or "" for each in since)
        added = dict.fromkeys(line for each in manifests for line in additions(before, each))
        of_it = [each for each in waiting if each.release == name]
        return Failure(tuple(added), waiting=bool(of_it), ordered=any(each.ordered for each in of_it))

    def _free(self, release: Stuck) -> Iterator[str]:
        if release.way is Way.UNINSTALL:
            self.helm.uninstall(release.name)
            yield f"uninstalled the release {release.name}, which was {release.status}"
        elif release.way in (Way.ROLL_BACK, Way.REVERT):
            revision = self._back(release)
            yield f"rolled the release {release.name}, which was {release.status}, back to revision {revision}"
        elif release.way is Way.SETTLE:
            self.helm.roll_back(release.name, release.revision)
            yield f"noted that the release {release.name}, which was failed, is deployed as revision {release.revision}"

    def _back(self, release: Stuck) -> int:
        """Go back to what was last deployed, and return which revision that is.

        By one that failed after the other, for each step takes away what one of them had added.
        """
        history = self.helm.history(release.name)
        good = last_good(history, release.revision)
        between = (each["revision"] for each in history if good < each["revision"] < release.revision)
        for revision in sorted(between, reverse=True):
            with suppress(ToolError):  # what the cluster had refused is refused again
                self.helm.roll_back(release.name, revision)
        self.helm.roll_back(release.name, good)
        return good

    def _settle(self, exported: dict[str, Deployment], releases: list[Stuck]) -> Iterator[str]:
        """Bring the state up to date. Secrets go from pulumi to pulumi as ciphertext."""
        unfinished = {each.name for each in releases if each.way in (Way.RETRY, Way.SETTLE)}
        freed = {each.name for each in releases if each.way in (Way.UNINSTALL, Way.ROLL_BACK, Way.REVERT)}
        before = exported["deployment"]
        after, outdated = state.settled(before, self.live, unfinished=unfinished, freed=freed)
        if unfinished or state.operations(before):
            self.pulumi.run("stack import", stdin=json.dumps({**exported, "deployment": after}))
        if outdated:
            targets = [option for urn in outdated for option in ("--target", urn)]
            self.pulumi.run("refresh", "--yes", "--skip-preview", *targets)
        if state.operations(before):
            there = {each["urn"] for each in self._export()["deployment"].get("resources") or ()}
            yield from (_outcome(each, there) for each in state.operations(before))
        yield from (f"noted that the release {name} is unfinished" for name in sorted(unfinished))


def _failed(listed: Iterable[ListedRelease]) -> set[str]:
    return {each["name"] for each in listed if each["status"] == FAILED}


def _fate(operation: Operation) -> str:
    if operation.adoptable_as:
        return "take it into the state if it exists"
    return "forget it" if operation.type == "creating" else "look at what is there, and bring the state in line"


def _outcome(operation: Operation, there: Collection[str]) -> str:
    adopted = operation.adoptable_as and operation.urn in there
    return f"adopted {operation.name}" if adopted else f"cleared the unfinished {operation.type} of {operation.name}"


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return "which has just ended"
