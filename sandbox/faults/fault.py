"""What a fault is, and how a try of one went."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sandbox.faults.message import is_clear
from sandbox.faults.site import Ran, Site
from sandbox.faults.witness import Witness


@dataclass(frozen=True)
class Struck:
    """What the user saw of a fault, which by now is over."""

    ran: Ran
    """The command that it struck."""
    note: str = ""
    """What was hit, such as the moment."""
    before: Witness | None = None
    """What must not be lost, where that came into being only while the fault was prepared."""
    renewed: frozenset[str] = frozenset()
    """Keys of Secrets that are changed on purpose."""
    hit: bool = True
    """Whether it came when it should, such as in the middle of a rollout; a try that was not hit proves nothing."""
    said: str = ""
    """What the user was told, where that is no failure's complaint."""


Strike = Callable[[Site, Random], Struck]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong. `strike` makes it so, runs the command that it hits, and lets it pass."""

    name: str
    what: str
    """What is done, for the page."""
    strike: Strike
    tries: int = 1
    seconds: float = 420.0
    """Bound on one try, its re-runs included."""
    fresh: bool = False
    """Whether it needs a world in which nothing was deployed yet."""
    stack: str = "dev"


@dataclass(frozen=True)
class Try:
    """How one went."""

    said: str
    """What the user was told; empty if no command failed."""
    brought_back: tuple[str, ...]
    """The commands after which all was well."""
    wrong: tuple[str, ...] = ()
    """Why it did not survive; empty if it did."""
    lost: tuple[str, ...] = ()
    note: str = ""
    seconds: float = 0.0

    @property
    def survived(self) -> bool:
        """Whether everything was deployed and ready in the end."""
        return not self.wrong

    @property
    def clear(self) -> bool:
        """Whether there was nothing to say, or one clear message."""
        return not self.said or is_clear(self.said)


@dataclass(frozen=True)
class Outcome:
    """All tries of a fault; none if the time was over before it."""

    fault: Fault
    tries: tuple[Try, ...] = field(default_factory=tuple)

    @property
    def survived(self) -> int:
        """How many tries ended well."""
        return sum(each.survived for each in self.tries)

    @property
    def lost(self) -> int:
        """How many things were lost over all tries; must be 0."""
        return sum(len(each.lost) for each in self.tries)

    @property
    def clear(self) -> bool:
        """Whether every message was clear."""
        return all(each.clear for each in self.tries)

    @property
    def passed(self) -> bool:
        """Whether every try that there should be was made, ended well and lost nothing."""
        return self.survived == self.fault.tries and self.lost == 0
