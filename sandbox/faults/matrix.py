"""Runs faults one after the other, each within its bound, and brings the stack back as its user would."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from random import Random

import httpx
import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from kubernetes.client import ApiException

from sandbox.engine import EngineError
from sandbox.faults.fault import Fault, Outcome, Struck, Try
from sandbox.faults.message import complaint
from sandbox.faults.site import Overdue, Ran, Site, opened
from sandbox.world import WorldError

_SET_UP_SECONDS = 400.0
_ROUNDS = 2
_BROKEN = (
    Overdue, EngineError, WorldError, OSError, subprocess.CalledProcessError,
    ApiException, httpx.HTTPError, urllib3.exceptions.HTTPError, BotoCoreError, ClientError,
)  # fmt: skip
"""What ends a try: the bound on it, or a part that does not answer when it should again."""


class Matrix:
    """A run over faults. One site serves until a fault leaves it unwell, or another stack or a new world is needed."""

    def __init__(self, seed: int, total_seconds: float, told: Callable[[str], None]) -> None:
        self._seed = seed
        self._until = time.monotonic() + total_seconds
        self._told = told
        self._stack = ExitStack()
        self._site: Site | None = None

    def run(self, faults: Sequence[Fault]) -> Iterator[Outcome]:
        """Yield the outcome of a fault after each of its tries, so that a run cut short has said what it saw."""
        with self._stack:
            for fault in faults:
                outcome = Outcome(fault)
                for number in range(fault.tries):
                    if time.monotonic() > self._until:
                        self._told(f"{fault.name} {number + 1}/{fault.tries}: not tried, the time is over")
                        break
                    outcome = Outcome(fault, (*outcome.tries, self._try(fault, number)))
                    yield outcome
                if not outcome.tries:
                    yield outcome

    def _try(self, fault: Fault, number: int) -> Try:
        self._told(f"{fault.name} {number + 1}/{fault.tries} …")
        rng = Random(f"{self._seed} {fault.name} {number}")  # noqa: S311 - moments, not secrets
        begun = time.monotonic()
        try:
            made = self._tried(fault, rng)
        except _BROKEN as error:
            made = Try(said="", brought_back=(), wrong=(str(error),))
        if not made.survived:
            self._leave()
        seconds = time.monotonic() - begun
        self._told(f"  {'survived' if made.survived else 'NOT survived: ' + '; '.join(made.wrong)} ({seconds:.0f} s)")
        for line in (made.note, *(f"lost: {each}" for each in made.lost), *made.said.splitlines()):
            self._told(f"    {line}")
        return Try(made.said, made.brought_back, made.wrong, made.lost, made.note, seconds)

    def _tried(self, fault: Fault, rng: Random) -> Try:
        site = self._ready(fault, rng)
        site.deadline = time.monotonic() + fault.seconds
        before = site.witness()
        struck = fault.strike(site, rng)
        said, commands, wrong = brought_back(site, struck)
        wrong = wrong or site.wrong() or (() if struck.hit else ("the fault did not hit what it was meant for",))
        lost = (struck.before or before).lost(site.witness(), struck.renewed)
        return Try(said, commands, wrong, tuple(lost), struck.note)

    def _ready(self, fault: Fault, rng: Random) -> Site:
        """Return a site of the fault's stack: new, or deployed, with a block in every bucket."""
        if self._site is None or fault.fresh or self._site.stack != fault.stack:
            self._leave()
            self._site = self._stack.enter_context(opened(fault.stack))
        site = self._site
        site.deadline = time.monotonic() + _SET_UP_SECONDS
        if not fault.fresh:
            if site.wrong():
                deployed = site.run("up")
                if deployed.failed:
                    raise EngineError(f"the stack cannot be set up:\n{complaint(deployed.output)}")
            site.put_blocks(rng)
        return site

    def _leave(self) -> None:
        self._stack.close()
        self._site = None


def brought_back(site: Site, struck: Struck) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Do what a user does next: the same again, and `repair` if that does not help.

    Returns:
        what the user was told first, the commands that it took, and why they did not help, which should be nothing.
    """
    said = struck.said or (complaint(struck.ran.output) if struck.ran.failed else "")
    command, done = struck.ran.command, list[str]()
    for _ in range(_ROUNDS):
        again = site.run(command)
        done.append(command)
        if not again.failed:
            if command == "destroy":  # so that all that it leaves can be held against what there was
                again = site.run("up")
            return said, tuple(done), _why(again)
        said = said or complaint(again.output)
        repaired = site.run("repair")
        done.append("repair")
        if repaired.failed:
            return said, tuple(done), _why(repaired)
    return said, tuple(done), _why(again)


def _why(ran: Ran) -> tuple[str, ...]:
    return (f"{ran.command}: {complaint(ran.output) or ran.output[-500:]}",) if ran.failed else ()
