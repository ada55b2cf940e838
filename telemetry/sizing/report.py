"""A stack under the load that its settings say: every role judged, and how its buckets grow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from telemetry.config.load import Load
from telemetry.sizing.judgement import Judged, State, judge
from telemetry.sizing.measurement import Comparison, compared
from telemetry.sizing.room import room
from telemetry.spec.sizing import DAY, Growth, Sizing
from telemetry.stack import Stack
from telemetry.stack.backends import StackBackend

_MONTH_DAYS = 30


@dataclass(frozen=True)
class Bucket:
    """How a bucket grows."""

    name: str
    growth: Growth
    volume_size: int
    """Bytes that a volume of the object store holds."""
    volumes_at_first: int
    """How many it takes at its first write."""

    @property
    def month(self) -> float:
        """Bytes that thirty days add, while nothing is old enough to go."""
        return self.growth.bytes_per_day * _MONTH_DAYS

    @property
    def kept_days(self) -> float:
        """Days for which something stays."""
        return self.growth.kept_seconds / DAY

    @property
    def at_most(self) -> float:
        """Bytes that it holds once as much goes as comes."""
        return self.growth.bytes_per_day * self.kept_days

    @property
    def objects(self) -> int | None:
        """Objects that it holds then; None: not known."""
        per_day = self.growth.objects_per_day
        return None if per_day is None else ceil(per_day * self.kept_days)

    @property
    def volumes(self) -> int:
        """Volumes of the object store that it takes then, copies not counted."""
        return max(self.volumes_at_first, ceil(self.at_most / self.volume_size))


@dataclass(frozen=True)
class Report:
    """What is said of a stack."""

    environment: str
    roles: tuple[Judged, ...]
    buckets: tuple[Bucket, ...]
    notes: tuple[str, ...]
    limits: tuple[str, ...]
    """Limits of tenants that would refuse some of the load, and an object store that cannot hold it, a line each."""
    comparisons: tuple[Comparison, ...]
    """Rules against measurements, of the backends of which there are any."""

    def having(self, state: State) -> tuple[Judged, ...]:
        """Return the roles whose sizes stand so to the load."""
        return tuple(each for each in self.roles if each.state is state)

    @property
    def settings(self) -> dict[tuple[str, ...], str | int]:
        """What to write into the stack's file, by the keys on the way to each value."""
        return {way: value for each in self.roles for way, value in _ways(each.key, each.settings)}

    @property
    def most(self) -> dict[tuple[str, ...], str | int]:
        """The same with as much as there may be of what is out of reach."""
        return {way: value for each in self.roles for way, value in _ways(each.key, each.most)}


def _ways(key: str, settings: Mapping[str, str | int]) -> Iterator[tuple[tuple[str, ...], str | int]]:
    """Yield the keys on the way to each setting of a role, and its value."""
    for name, value in settings.items():
        yield (*key.split("."), *name.split(".")), value


def report(stack: Stack, sized: Stack | None = None) -> Report:
    """Return what is said of a stack; nothing of a signal whose load is not known.

    Args:
        stack: the stack, whose sizes are judged.
        sized: the same with the sizes by which needs are counted, as far as one role's depend on another's; None:
            with its own.
    """
    load = stack.load or Load()
    counted = {each.signal: each for each in (sized or stack).backends}
    roles, buckets, notes, limits = list[Judged](), list[Bucket](), list[str](), list[str]()
    comparisons = list[Comparison]()
    for backend in stack.backends:
        said = _said(counted[backend.signal], load, stack)
        if said is None:
            continue
        roles += _judged(backend, said, stack)
        volumes = stack.object_store.volumes
        buckets += (Bucket(backend.buckets[each.bucket], each, volumes.size, volumes.growth) for each in said.growth)
        limits += _too_narrow(backend, said, load, stack)
        comparisons += filter(None, [compared(backend.of.title, said)])
        if said.unknown:
            notes.append(f"{backend.of.title}: {said.unknown}")
    limits += _too_full(buckets, stack)
    return Report(
        stack.environment,
        tuple(roles),
        tuple(buckets),
        tuple(notes),
        tuple(limits),
        tuple(comparisons),
    )


def warnings(stack: Stack) -> Iterator[str]:
    """Yield a line for each role that has too little for the load, and one if the object store has."""
    if stack.load is None:
        return
    said = report(stack)
    for each in (*said.having(State.BEYOND), *said.having(State.SHORT)):
        yield f"{each.key}: {', '.join(each.short)} for telemetry:load; python -m telemetry size {stack.environment}"
    yield from said.limits


def _too_full(buckets: list[Bucket], stack: Stack) -> Iterator[str]:
    """Yield a line if the buckets take more volumes than the object store has for the stack."""
    slots, volumes = stack.object_store.volumes.slots, sum(bucket.volumes for bucket in buckets)
    if slots is not None and volumes > slots:
        yield (
            f"telemetry:object_store.volumes.slots: {slots}, but the buckets take {volumes} volumes for "
            "telemetry:load; raise -max of the volume servers, or lower retention"
        )


def _said(backend: StackBackend, load: Load, stack: Stack) -> Sizing | None:
    of_signal = getattr(load, backend.signal)
    if of_signal is None or backend.of.sizing is None:
        return None
    return backend.of.sizing(backend.context, of_signal, load.tenants or len(stack.tenants) or 1)


def _too_narrow(backend: StackBackend, said: Sizing, load: Load, stack: Stack) -> Iterator[str]:
    """Yield limits that come to less than the load; none of tenants while there are to be more than there are."""
    for name, most in backend.capacity.items():
        if most < (needed := said.limits.get(name, 0)):
            yield (
                f"telemetry:{backend.signal}.capacity.{name}: {most:,}, which tenants' limits may come to, but "
                f"telemetry:load is {needed:,}; raise it"
            )
    tenants = stack.tenants
    if load.tenants is not None and load.tenants > max(1, len(tenants)):
        return
    if tenants:
        where, granted = "telemetry:tenants.….limits", [getattr(tenant.limits, backend.signal) for tenant in tenants]
    else:
        own = stack.limits and getattr(stack.limits, backend.signal)
        where, granted = "telemetry:limits", [own or backend.of.limits()]
    for name, needed in said.limits.items():
        total = sum(getattr(each, name) for each in granted)
        if total < needed:
            yield (
                f"{where}.{backend.signal}.{name}: {total:,} for all together, but telemetry:load is {needed:,}; what "
                "is above is refused: raise them"
            )


def _judged(backend: StackBackend, said: Sizing, stack: Stack) -> Iterator[Judged]:
    needs = {need.role: need for need in said.needs}
    for release in (each for each in backend.sizes if not each.leaving):
        for role, spec in release.table.items():
            if role in release.roles:
                yield judge(
                    release.title,
                    f"{release.key}.{role}",
                    role,
                    release.roles[role],
                    spec,
                    needs.get(role),
                    room(spec, stack.policy, stack.kubernetes.nodes),
                )
