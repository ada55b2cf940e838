"""How much of a load a backend's roles and buckets take: what its own documentation, or a measurement, says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

GB = 10**9
"""Bytes, as documentation counts them."""
DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a role needs, over all of its replicas."""

    role: str
    cpu: float
    """Millicores."""
    memory: float
    """Bytes."""
    volume: float = 0
    """Bytes of its volume claims; 0: it keeps nothing that grows with the load."""
    replicas: int = 1
    """The fewest that there must be."""
    most: int | None = None
    """The most that there may be, whatever the load; None: the settings say it."""
    instead: str = ""
    """What to do where the most that there may be cannot carry it; empty: what holds of any role."""
    largest: tuple[float, float] = (2_000, 8 * GB)
    """Millicores and bytes of memory that one replica is given at most, before there is another."""
    spread: float = 1
    """How many times as much is within what the source says: its range from end to end."""
    reason: str
    """Where the figures come from, for people: the load, and so much for each unit of it."""
    source: str
    """A public page that has them."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What a bucket takes in."""

    bucket: str
    """Its use, as the backend's settings name it."""
    bytes_per_day: float
    kept_seconds: int
    """How long something stays."""
    objects_per_day: float | None
    """None: nobody says how many."""
    reason: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a load takes of all roles together, by a measurement of our own."""

    cpu: float
    """Millicores."""
    memory: float
    """Bytes."""
    scope: str
    """What was measured, and so what was not."""
    where: str
    """When, on which machine."""
    roles: frozenset[str] | None = None
    """The roles that were measured, to which the rules of these alone compare; None: all of them."""

    def compares(self, need: Need) -> bool:
        """Whether a need is of a role that was measured."""
        return self.roles is None or need.role in self.roles


@dataclass(frozen=True)
class Sizing:
    """What a backend says of a load."""

    needs: tuple[Need, ...]
    """Of roles that a rule is known for; others are left as they are."""
    growth: tuple[Growth, ...]
    unknown: str = ""
    """Why some roles have no rule."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """What tenants' limits of these names must come to together, or some of the load is refused."""
    measured: Measured | None = None
    """To be held against the rules; None: there is no such measurement."""


def together(needs: Iterable[Need], role: str, instead: str) -> Need:
    """Return what one process needs that is all of these roles, and what to do where one cannot carry it."""
    all_of = tuple(needs)
    return Need(
        role=role,
        cpu=sum(each.cpu for each in all_of),
        memory=sum(each.memory for each in all_of),
        volume=sum(each.volume for each in all_of),
        most=1,
        instead=instead,
        largest=(float("inf"), float("inf")),
        spread=max(each.spread for each in all_of),
        reason="; ".join(f"{each.role}: {each.reason}" for each in all_of),
        source=all_of[0].source,
    )
