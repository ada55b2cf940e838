"""The quality-of-service class that Kubernetes gives a pod: what is evicted first when a node runs out of memory."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from telemetry.config.roles import Role

Qos = Literal["Guaranteed", "Burstable", "BestEffort"]

_COUNTED = ("cpu", "memory")


class Container(NamedTuple):
    """What one container asks for and is held to, by resource: `cpu` in millicores, `memory` in bytes."""

    requests: Mapping[str, int]
    limits: Mapping[str, int]


def of_pod(containers: Iterable[Container]) -> Qos:
    """Return the class of a pod of these containers, init containers among them.

    As Kubernetes computes it: only CPU and memory count, an amount of zero is none, and a request that is left out
    is the limit. Guaranteed is a pod whose every container has both limits and asks for just as much.
    """
    classes = {_of_container(container) for container in containers} or {"BestEffort"}
    return classes.pop() if len(classes) == 1 else "Burstable"


def of_role(role: Role) -> Qos:
    """Return the class of a role's pods, as of one container with all that it says."""
    stated = {"cpu": role.cpu_limit, "memory": role.memory_limit}
    limits = {name: limit for name, limit in stated.items() if limit is not None}
    return of_pod([Container({"cpu": role.cpu, "memory": role.memory}, limits)])


def _of_container(container: Container) -> Qos:
    limits = {name: amount for name in _COUNTED if (amount := container.limits.get(name))}
    requests = {name: amount for name in _COUNTED if (amount := container.requests.get(name, limits.get(name)))}
    if not requests and not limits:
        return "BestEffort"
    return "Guaranteed" if len(limits) == len(_COUNTED) and requests == limits else "Burstable"
