"""Asks the cluster, SeaweedFS and Grafana whether planned resources exist, and whether they are ours."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from telemetry.engine.plan import Planned
from telemetry.operations.adopt.errors import AdoptError
from telemetry.operations.adopt.state import Here


@dataclass(frozen=True)
class Foreign:
    """A thing that exists under a planned name and belongs to somebody else."""

    why: str
    remedy: str


Found = Here | Foreign | None
"""None: there is no such thing, and the next `up` makes it."""
_AT_ONCE = 8


class System(Protocol):
    """A system that the program makes things in."""

    def look_up(self, planned: Planned) -> Found:
        """Return what there is in place of something. Raises AdoptError if the system cannot say."""


SystemOf = Callable[[Planned], System | None]
"""Tells who is to be asked for a thing; None: nobody knows such things."""


def look_up(resources: Iterable[Planned], system_of: SystemOf) -> dict[str, Found]:
    """Return what there is in place of each thing, by URN.

    Raises:
        AdoptError: a system does not answer or refuses, and nothing can be told of what it has.
    """

    def ask(planned: Planned) -> Found:
        system = system_of(planned)
        if system is None:
            return Foreign("this command knows no such kind", "see to it by hand: pulumi import")
        if planned.id is None:
            return Foreign("what it is called follows from what does not exist yet", "run up, then this command again")
        return system.look_up(planned)

    outside = [each for each in resources if each.exists_outside]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip((each.urn for each in outside), pool.map(ask, outside), strict=True))


def by_type(systems: Mapping[str, System]) -> SystemOf:
    """Return a function that finds the system of a resource by the longest prefix of its type."""
    prefixes: Collection[str] = sorted(systems, key=len, reverse=True)

    def system_of(planned: Planned) -> System | None:
        return next((systems[prefix] for prefix in prefixes if planned.type.startswith(prefix)), None)

    return system_of


def needed_id(planned: Planned) -> str:
    """Return the id of something that was asked for because it has one."""
    if planned.id is None:
        raise AdoptError(f"{planned.urn}: its id is not known")
    return planned.id
