"""One role under a load: what its settings offer, what it needs, and the sizes that would do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil

from telemetry.config.amounts import MI, Resource, rounded
from telemetry.config.quantities import bytes_text, cpu_text, parse_bytes, parse_cpu
from telemetry.config.resources import Nodes
from telemetry.config.role_spec import RoleSpec
from telemetry.config.roles import Role
from telemetry.spec.sizing import Need

_WASTE = 2
"""Times what it needs that a role may ask for before that is too much."""
_STEPS: dict[Resource, tuple[tuple[int, int], ...]] = {
    "cpu": ((100, 10), (1_000, 50), (1 << 62, 250)),
    "memory": ((1_024 * MI, 64 * MI), (4_096 * MI, 256 * MI), (1 << 62, 512 * MI)),
    "storage": ((2_048 * MI, 512 * MI), (1 << 62, 1_024 * MI)),
}
"""Up to which amount sizes are rounded up to whole multiples of what: nobody reads 1,337m."""


class State(StrEnum):
    """How a role's sizes stand to its load."""

    SHORT = "too little"
    FITS = "fits"
    WASTE = "too much"
    UNKNOWN = "no rule"


@dataclass(frozen=True)
class Judged:
    """A role, and what is said of it."""

    backend: str
    role: str
    key: str
    """Where it stands in the settings."""
    size: Role
    need: Need | None
    """None: no rule is known for it."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """Other values of its settings, by key: replicas, and millicores or bytes of each."""
    short: tuple[str, ...] = ()
    """What it has too little of, in words."""

    @property
    def state(self) -> State:
        """How its sizes stand to its load."""
        if self.need is None:
            return State.UNKNOWN
        if self.short:
            return State.SHORT
        return State.WASTE if self.changes else State.FITS

    def proposed(self, key: str) -> int | None:
        """Return the value that a setting should have: another one, or its own."""
        own: int | None = self.size.max_replicas if key == REPLICAS else getattr(self.size, key)
        return self.changes.get(key, own)

    @property
    def settings(self) -> dict[str, str | int]:
        """What to write into the stack's file, by key below the role's."""
        replicas = "autoscaling.max_replicas" if self.size.autoscaling else REPLICAS
        return {
            replicas if key == REPLICAS else key: value if key == REPLICAS else text(key, value)
            for key, value in self.changes.items()
        }


REPLICAS = "replicas"
RESOURCE_OF: dict[str, Resource] = {"cpu": "cpu", "memory": "memory", "volume": "storage"}
"""What a quota calls what a role's settings ask for."""


def text(key: str, value: int) -> str:
    """Return a value of a role's setting as it is written."""
    return cpu_text(value) if key == "cpu" else bytes_text(value)


def judge(
    backend: str, key: str, role: str, size: Role, spec: RoleSpec, need: Need | None, nodes: Nodes | None
) -> Judged:
    """Return what is said of a role.

    Replicas stay as they are while none has to be larger than one should be; those of a role that scales go where there
    are more than twice as many as it takes, unless an autoscaler sees to them. A volume is never made smaller, for
    claims cannot be.
    """
    if need is None:
        return Judged(backend, role, key, size, None)
    replicas = _replicas(size, spec, need, nodes)
    changes, short = dict[str, int](), list[str]()
    if size.max_replicas < need.replicas:
        short.append(f"{size.max_replicas} of {need.replicas} replicas")
    if replicas != size.max_replicas:
        changes[REPLICAS] = replicas
    for name, resource in RESOURCE_OF.items():
        own, whole = getattr(size, name), getattr(need, name)
        if own is None or (name == "volume" and not whole):
            continue
        enough = _up(resource, max(whole / replicas, _least(spec, name)))
        if own * size.max_replicas < whole:
            short.append(
                f"{rounded(resource, own * size.max_replicas)} of {rounded(resource, ceil(whole))} {_NAMES[name]}"
            )
        if own < whole / replicas or (own > _WASTE * need.spread * enough and name != "volume"):
            changes[name] = enough
    if size.memory_limit is not None and changes.get("memory", 0) > size.memory_limit:
        changes["memory_limit"] = changes["memory"]
    return Judged(backend, role, key, size, need, changes, tuple(short))


_NAMES = {"cpu": "CPU", "memory": "memory", "volume": "disk"}


def _replicas(size: Role, spec: RoleSpec, need: Need, nodes: Nodes | None) -> int:
    cpu, memory = need.largest
    if nodes is not None:
        cpu, memory = min(cpu, nodes.cpu), min(memory, nodes.memory)
    fewest = max(need.replicas, ceil(need.cpu / cpu), ceil(need.memory / memory))
    scales = spec.scales and size.autoscaling is None
    return fewest if scales and _is_idle(size, spec, need, fewest) else max(fewest, size.max_replicas)


def _is_idle(size: Role, spec: RoleSpec, need: Need, fewest: int) -> bool:
    """Whether there are more than twice as many replicas as it takes, and all of them together ask for too much."""
    enough = {name: max(getattr(need, name), fewest * _least(spec, name)) for name in ("cpu", "memory")}
    return size.max_replicas > _WASTE * fewest and all(
        getattr(size, name) * size.max_replicas > _WASTE * need.spread * amount for name, amount in enough.items()
    )


def _least(spec: RoleSpec, name: str) -> int:
    """Return the smallest honest size of a role, which dev has."""
    if name == "cpu":
        return parse_cpu(spec.cpu)
    size = spec.memory if name == "memory" else spec.volume
    return parse_bytes(size) if size else 0


def _up(resource: Resource, amount: float) -> int:
    step = next(step for most, step in _STEPS[resource] if amount <= most)
    return ceil(amount / step) * step
