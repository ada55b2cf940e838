"""What a stack asks for: requests and volume claims, summed over all pods of its releases."""

from collections.abc import Iterable
from dataclasses import dataclass

from telemetry.config.resources import Resources
from telemetry.config.roles import Role
from telemetry.stack import Stack


@dataclass(frozen=True)
class Footprint:
    """An amount of resources: CPU in millicores, memory, storage and disk of nodes in bytes, and the number of pods."""

    cpu: int = 0
    memory: int = 0
    storage: int = 0
    pods: int = 0
    ephemeral: int = 0

    def __add__(self, other: "Footprint") -> "Footprint":
        return Footprint(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            storage=self.storage + other.storage,
            pods=self.pods + other.pods,
            ephemeral=self.ephemeral + other.ephemeral,
        )

    def __sub__(self, other: "Footprint") -> "Footprint":
        return self + -1 * other

    def __rmul__(self, times: int) -> "Footprint":
        return Footprint(
            cpu=times * self.cpu,
            memory=times * self.memory,
            storage=times * self.storage,
            pods=times * self.pods,
            ephemeral=times * self.ephemeral,
        )

    def fits(self, quota: Resources) -> bool:
        """Whether a quota has room for it."""
        return self.cpu <= quota.cpu and self.memory <= quota.memory and self.storage <= quota.storage


def of_role(role: Role, *, at_most: bool = False) -> Footprint:
    """Return what all replicas of a role ask for; `at_most` after autoscaling has added all that it may."""
    replicas = role.max_replicas if at_most else role.replicas
    return replicas * Footprint(
        cpu=role.cpu,
        memory=role.memory,
        storage=role.volume or 0,
        pods=role.own_pods,
        ephemeral=role.ephemeral_storage or 0,
    )


def of_roles(roles: Iterable[Role], *, at_most: bool = False) -> Footprint:
    """Return what several roles ask for together."""
    return sum((of_role(role, at_most=at_most) for role in roles), Footprint())


def of_stack(stack: Stack, *, at_most: bool = False) -> Footprint:
    """Return what the whole stack asks for, releases included that a backend is moving away from."""
    roles = [role for backend in stack.backends for each in backend.sizes for role in each.roles.values()]
    roles += [role for role in (stack.gateway_role, stack.collector_role) if role is not None]
    return of_roles(roles, at_most=at_most)
