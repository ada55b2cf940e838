"""What a check is, and how it may end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SERVICE = "telemetry-validation"
"""The service's name of all that is sent as a test."""
State = Literal["passed", "failed", "skipped"]


class CheckFailed(Exception):  # noqa: N818 - what happened, as `Refused`
    """The stack does not do what it should; the message says what, and what to do."""


class Refused(CheckFailed):
    """As CheckFailed, and waiting does not mend it."""


class CheckSkipped(Exception):  # noqa: N818 - what happened
    """The check cannot be done from here; the message says why. It counts as neither passed nor failed."""


@dataclass(frozen=True)
class Check:
    """One thing to prove."""

    signal: str
    """`metrics`, `traces`, `logs`, `grafana` or `gateway`."""
    name: str
    run: Callable[[float], str]
    """Called with the seconds that it may wait; returns what was seen, or raises one of the above."""


@dataclass(frozen=True)
class Lane:
    """Checks that are done one after the other: a tenant's, or the platform's own."""

    name: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Result:
    """How one check ended."""

    lane: str
    signal: str
    name: str
    state: State
    detail: str
    seconds: float
