"""One role under a load: what its settings offer, what it needs, and the sizes that would do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, inf

from telemetry.config.amounts import MI, Resource, rounded
from telemetry.config.autoscaling import MOST_REPLICAS
from telemetry.config.quantities import bytes_text, cpu_text, parse_bytes, parse_cpu
from telemetry.config.role_spec import RoleSpec
from telemetry.config.roles import Role
from telemetry.sizing.room import Room
from telemetry.spec.sizing import Need

_WASTE = 2
"""Times what it needs that a role may ask for before that is too much."""
_STEPS: dict[Resource, tuple[tuple[float, int], ...]] = {
    "cpu": ((100, 10), (1_000, 50), (inf, 250)),
    "memory": ((1_024 * MI, 64 * MI), (4_096 * MI, 256 * MI), (inf, 512 * MI)),
    "storage": ((2_048 * MI, 512 * MI), (inf, 1_024 * MI)),
}
"""Up to which amount sizes are rounded up to whole multiples of what: nobody reads 1,337m."""


class State(StrEnum):
    """How a role's sizes stand to its load."""

    BEYOND = "out of reach"
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
    """Other values of its settings, by key: replicas, and millicores or bytes of each; never more than there may be."""
    short: tuple[str, ...] = ()
    """What it has too little of, in words."""
    refusals: tuple[str, ...] = ()
    """Why no sizes would do, or the settings would not take them, and what to do instead; then none are proposed."""

    @property
    def state(self) -> State:
        """How its sizes stand to its load."""
        if self.need is None:
            return State.UNKNOWN
        if self.short:
            return State.BEYOND if self.refusals else State.SHORT
        return State.WASTE if self.changes or self.refusals else State.FITS

    def proposed(self, key: str) -> int | None:
        """Return the value that a setting should have: another one, or its own; None: it has none, or none would do."""
        if self.state is State.BEYOND:
            return None
        own: int | None = self.size.max_replicas if key == REPLICAS else getattr(self.size, key)
        return self.changes.get(key, own)

    @property
    def settings(self) -> dict[str, str | int]:
        """What to write into the stack's file, by key below the role's."""
        return {} if self.refusals else self.most

    @property
    def most(self) -> dict[str, str | int]:
        """The same of what is out of reach too: as much as there may be."""
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
    return cpu_text(value) if key.startswith("cpu") else bytes_text(value)


def judge(backend: str, key: str, role: str, size: Role, spec: RoleSpec, need: Need | None, room: Room) -> Judged:
    """Return what is said of a role.

    Replicas stay as they are while none has to be larger than one should be; those of a role that scales go where there
    are more than twice as many as it takes, unless an autoscaler sees to them. A volume is never made smaller, for
    claims cannot be.
    """
    if need is None:
        return Judged(backend, role, key, size, None)
    shares = _shares(size, spec, need, room)
    changes, short = _changes(size, spec, need, room, shares), tuple(_short(size, need))
    return Judged(backend, role, key, size, need, changes, short, tuple(_refusals(size, need, room, shares)))


_NAMES = {"cpu": "CPU", "memory": "memory", "volume": "disk"}


def _counted(size: Role, need: Need) -> Iterator[tuple[str, int, float]]:
    """Yield what a role is sized by: the key, what each pod has, and what all of them need."""
    for name in RESOURCE_OF:
        own, whole = getattr(size, name), getattr(need, name)
        if own is not None and (whole or name != "volume"):
            yield name, own, whole


def _each(whole: float, shares: float) -> float:
    """Return what each pod needs, without the last digits of a division: 500.0000001m is no more than 500m."""
    return round(whole / shares, 3)


def _short(size: Role, need: Need) -> Iterator[str]:
    if size.max_replicas < need.replicas:
        yield f"{size.max_replicas} of {need.replicas} replicas"
    for name, own, whole in _counted(size, need):
        if own < _each(whole, size.max_replicas):
            yield f"{_shown(name, own * size.max_replicas)} of {_shown(name, whole)} {_NAMES[name]}"


def _changes(size: Role, spec: RoleSpec, need: Need, room: Room, shares: float) -> dict[str, int]:
    changes = {} if ceil(shares) == size.max_replicas else {REPLICAS: ceil(shares)}
    for name, own, whole in _counted(size, need):
        each = _each(whole, shares)
        enough = _up(RESOURCE_OF[name], max(each, _least(spec, name)))
        if own < each or (own > _WASTE * need.spread * enough and name != "volume"):
            changes[name] = min(enough, room.amounts[name])
    for name in ("cpu", "memory"):
        limit = getattr(size, f"{name}_limit")
        if limit is not None and changes.get(name, 0) > limit:
            changes[f"{name}_limit"] = changes[name]
    return changes


def _refusals(size: Role, need: Need, room: Room, shares: float) -> Iterator[str]:
    """Yield what the most that there may be cannot carry, a line for each thing that can be done about it."""
    pods, found = ceil(shares), dict[str, list[str]]()
    if pods < need.replicas:
        found[need.instead or room.pods] = [f"takes {need.replicas:,} replicas, and there may be {pods}"]
    for name, own, whole in _counted(size, need):
        most = max(own, room.amounts[name])
        if most < _each(whole, shares):
            of_all = f"{_shown(name, most * pods)} of {'one pod' if pods == 1 else f'{pods} pods'}"
            cause = f"takes {_shown(name, whole)} {_NAMES[name]}, and {of_all} are the most"
            found.setdefault(need.instead or room.more[name], []).append(cause)
    for instead, causes in found.items():
        yield f"{', '.join(causes)}: {instead}"


def _shown(name: str, amount: float) -> str:
    return rounded(RESOURCE_OF[name], ceil(amount))


def _shares(size: Role, spec: RoleSpec, need: Need, room: Room) -> float:
    """Return by how many its needs are divided, of which the next whole number are its replicas.

    It need not be whole, so that pods of the size that one should have become more of the same size as the load grows.
    """
    cpu, memory = (min(each, room.amounts[name]) for each, name in zip(need.largest, ("cpu", "memory"), strict=True))
    fewest = max(need.replicas, need.cpu / cpu, need.memory / memory)
    fewest = min(fewest, need.most or MOST_REPLICAS)
    scales = spec.scales and size.autoscaling is None
    return fewest if scales and _is_idle(size, spec, need, ceil(fewest)) else max(fewest, size.max_replicas)


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
