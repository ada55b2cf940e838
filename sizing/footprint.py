"""What a stack asks for: requests and volume claims, summed over all pods of its releases."""

from collections.abc import Iterable
from dataclasses import dataclass

from settings import Stack
from settings.namespace import Resources
from settings.roles import Role


@dataclass(frozen=True)
class Footprint:
    """An amount of resources: CPU in millicores, memory and storage in bytes, and the number of pods."""

    cpu: int = 0
    memory: int = 0
    storage: int = 0
    pods: int = 0

    def __add__(self, other: "Footprint") -> "Footprint":
        return Footprint(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            storage=self.storage + other.storage,
            pods=self.pods + other.pods,
        )

    def fits(self, quota: Resources) -> bool:
        """Whether a quota has room for it."""
        return self.cpu <= quota.cpu and self.memory <= quota.memory and self.storage <= quota.storage


def of_role(role: Role) -> Footprint:
    """Return what all replicas of a role ask for."""
    return Footprint(
        cpu=role.cpu * role.replicas,
        memory=role.memory * role.replicas,
        storage=(role.volume or 0) * role.replicas,
        pods=role.replicas,
    )


def of_roles(roles: Iterable[Role]) -> Footprint:
    """Return what several roles ask for together."""
    return sum(map(of_role, roles), Footprint())


def of_stack(stack: Stack) -> Footprint:
    """Return what the whole stack asks for."""
    return of_roles(stack.traces.roles.values()) + of_roles(stack.metrics.roles.values())
