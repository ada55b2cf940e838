"""Finds who holds a stack's lock, which backends with files have (file://, s3://, gs://, azblob://)."""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from telemetry.clients.cli_tools import Pulumi, ToolError
from telemetry.operations.repair.errors import RepairError
from telemetry.operations.repair.processes import is_engine

_LOCKED = "the stack is currently locked by"
_HOLDER = re.compile(
    r"(?m)^[ \t]*(?P<place>.*?): created by (?P<user>.*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)"
)


@dataclass(frozen=True)
class Lock:
    """A run that works on the stack, or was killed while it did."""

    user: str
    host: str
    pid: int
    since: str
    """When it began, as the backend writes it: RFC 3339."""
    place: str = field(default="", compare=False)
    """The lock's own address."""

    @property
    def is_of_this_machine(self) -> bool:
        """Whether it is for certain: with a state that machines share, a name says little, for many have the same."""
        return self.host == socket.gethostname() and self.place.startswith("file://")

    def __str__(self) -> str:
        """Return whose it is, for people."""
        return f"{self.user}@{self.host}, process {self.pid}, since {self.since}"


def held(pulumi: Pulumi) -> list[Lock]:
    """Return the locks on a stack, and change nothing.

    Renaming a stack to its own name takes the lock, on whichever backend, and then always fails.

    Raises:
        ToolError: the backend cannot be asked, or has no such stack.
    """
    done = pulumi.run("stack rename", pulumi.stack, check=False)
    if _LOCKED in done.stderr:
        return parsed(done.stderr)
    if f"a stack named {pulumi.stack} already exists" in done.stderr:
        return []
    raise ToolError(f"pulumi: whether {pulumi.stack} is locked cannot be found out:\n{done.stderr.strip()}")


def parsed(complaint: str) -> list[Lock]:
    """Return the locks of which pulumi complains; one whose holder it does not name counts as well."""
    found = [
        Lock(each["user"], each["host"], int(each["pid"]), each["since"], each["place"])
        for each in _HOLDER.finditer(complaint)
    ]
    return found or [Lock("?", "?", 0, "?")]


def stale(locks: Iterable[Lock], *, elsewhere_too: bool) -> tuple[Lock, ...]:
    """Return the locks of killed runs.

    Args:
        locks: those on the stack.
        elsewhere_too: take it that the runs of other machines were killed, as nobody here can know.

    Raises:
        RepairError: a holder is at work, or may be.
    """
    for lock in locks:
        named_alike = lock.host == socket.gethostname()
        if named_alike and is_engine(lock.pid):
            raise RepairError(f"a run is at work on the stack ({lock}): let it end first")
        if not lock.is_of_this_machine and not elsewhere_too:
            where = "a machine with the name of this one" if named_alike else "another machine"
            raise RepairError(
                f"the stack is locked from {where} ({lock}); if that run is gone for certain: --break-lock"
            )
    return tuple(locks)
