"""What every role, backend and resource of a stack comes to: the figures that tables, picture and checks are made of.

CPU is in millicores, memory and storage are in bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from telemetry.capacity import qos
from telemetry.capacity.footprint import Footprint, of_role
from telemetry.capacity.growth import growth
from telemetry.capacity.limits import words
from telemetry.capacity.volumes import Volumes
from telemetry.config.amounts import RESOURCES, Resource
from telemetry.config.resources import Resources
from telemetry.config.roles import Role
from telemetry.releases import overlays
from telemetry.spec.backend import Phase, SizedRelease
from telemetry.stack import Stack


class Scenario(StrEnum):
    """How much is asked of the quota; each includes the one before."""

    NOW = "now"
    AT_MAXIMUM = "at maximum autoscaling"
    WITH_PHASE_3 = "and with Phase 3"


@dataclass(frozen=True)
class Row:
    """One role of one backend."""

    backend: str
    role: str
    key: str
    """Where it stands in the settings."""
    size: Role
    in_plan: bool
    """Whether the plan's table names it (R5); what it does not name is 'beyond the plan'."""
    phase: Phase = 1
    """In which phase of the plan it comes."""
    note: str = ""
    """What a reader has to know of the role."""
    release_note: str = ""
    """What a reader has to know of its release."""

    @property
    def total(self) -> Footprint:
        """All replicas; the fewest, where the role is autoscaled."""
        return of_role(self.size)

    @property
    def at_most(self) -> Footprint:
        """All replicas after autoscaling has added all that it may."""
        return of_role(self.size, at_most=True)

    @property
    def qos(self) -> qos.Qos:
        """Kubernetes' quality-of-service class of its pods."""
        return qos.of_role(self.size)


@dataclass(frozen=True)
class Line:
    """One resource against the quota."""

    resource: Resource
    quota: int | None
    """Today's quota."""
    used: int
    """What others in the namespace ask for."""
    new: int
    """The roles of the plan's Phase 1."""
    beyond: int
    """The roles beyond the plan."""
    growth: int
    """What autoscaling may add."""
    phase_3: int
    """The roles of Phase 3, or what is kept for them while there are none."""
    requested: int | None
    """The quota after the increase."""
    phase_3_runs: bool = False
    """Whether the roles of Phase 3 are among what is asked for now."""

    @property
    def limit(self) -> int | None:
        """The quota that headroom is counted against: the requested one, if there is one."""
        return self.quota if self.requested is None else self.requested

    @property
    def planned(self) -> int:
        """The plan's 'Total required': without what is beyond the plan."""
        return self.used + self.new + self.phase_3

    @property
    def everything(self) -> int:
        """Total required with what is beyond the plan."""
        return self.planned + self.beyond

    def asked(self, scenario: Scenario) -> int:
        """Return what this stack asks for; with Phase 3, that too."""
        amount = self.new + self.beyond
        if scenario is not Scenario.NOW:
            amount += self.growth
        return amount + self.phase_3 if self.phase_3_runs or scenario is Scenario.WITH_PHASE_3 else amount

    def required(self, scenario: Scenario) -> int:
        """Return what the quota must have room for."""
        return self.used + self.asked(scenario)

    def headroom(self, total: int) -> float | None:
        """Return what a total leaves of the limit, in percent of it; below 0 if it does not fit."""
        return None if self.limit is None else 100 * (self.limit - total) / self.limit


@dataclass(frozen=True)
class Report:
    """All figures of a stack."""

    environment: str
    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    volumes: Volumes | None = None
    """Those that its buckets take in the object store."""
    notes: tuple[str, ...] = ()
    """What the figures alone do not tell."""
    limits: str = ""
    """What the platform's policy says of limits, and what these come to."""

    @property
    def has_cpu_limits(self) -> bool:
        """Whether any role has one."""
        return any(row.size.cpu_limit is not None for row in self.rows)

    @property
    def backends(self) -> dict[str, Footprint]:
        """The subtotal of each backend, at the fewest replicas."""
        names = dict.fromkeys(row.backend for row in self.rows)
        return {name: sum((row.total for row in self.rows if row.backend == name), Footprint()) for name in names}

    @property
    def total(self) -> Footprint:
        """What the whole stack asks for, at the fewest replicas."""
        return sum((row.total for row in self.rows), Footprint())

    @property
    def at_most(self) -> Footprint:
        """What the whole stack asks for at most."""
        return sum((row.at_most for row in self.rows), Footprint())

    def fits(self, scenario: Scenario, against: Literal["quota", "requested"]) -> bool | None:
        """Return whether today's or the requested quota has room; None if there is no such quota."""
        limits = {line.resource: line.quota if against == "quota" else line.requested for line in self.lines}
        if None in limits.values():
            return None
        return all(line.required(scenario) <= (limits[line.resource] or 0) for line in self.lines)


def report(stack: Stack) -> Report:
    """Return all figures of a stack. What is not stated as used or for Phase 3 counts as nothing."""
    rows = tuple(_rows(stack))
    lines = tuple(_line(resource, stack, rows) for resource in RESOURCES)
    return Report(stack.environment, rows, lines, Volumes.of(stack), tuple(_notes(stack)), " ".join(words(stack)))


def _notes(stack: Stack) -> Iterator[str]:
    for backend in stack.backends:
        if backend.preset is not None:
            yield (
                f"{backend.of.title} is sized by the preset {backend.preset} (docs/sizing.md); what its roles say "
                "themselves comes first."
            )
        if backend.of.capacity_notes is not None:
            yield from backend.of.capacity_notes(backend.context)
    if (held := growth(stack)) is not None:
        yield held
    if laid_over := ", ".join(release.name for release in overlays(stack)):
        yield (
            f"Values are laid over those of {laid_over} (docs/values.md): pods and containers that these add are in no "
            "figure here, and `make report` counts them."
        )


def _rows(stack: Stack) -> Iterator[Row]:
    for backend in stack.backends:
        for release in backend.sizes:
            yield from _of_release(release)
    if stack.gateway_role is not None:
        yield Row("Gateway", "nginx", "telemetry:gateway.base", stack.gateway_role, in_plan=False)
    if stack.collector_role is not None:
        yield Row("Collector", "alloy", "telemetry:collector.size", stack.collector_role, in_plan=False)


def _of_release(release: SizedRelease) -> Iterator[Row]:
    """Yield rows in the table's order; nothing of a release that is on its way out is in the plan."""
    for name, spec in release.table.items():
        if name in release.roles:
            in_plan = spec.in_plan and not release.leaving
            yield Row(
                release.title,
                name,
                f"{release.key}.{name}",
                release.roles[name],
                in_plan=in_plan,
                phase=release.phase,
                note="" if release.leaving else spec.note,
                release_note=release.note,
            )


def _line(resource: Resource, stack: Stack, rows: tuple[Row, ...]) -> Line:
    place = stack.namespace

    def amount(of: Resources | Footprint) -> int:
        return int(getattr(of, resource))

    later = [row for row in rows if row.phase == 3]
    kept = amount(place.phase_3) if place.phase_3 else 0
    return Line(
        resource=resource,
        quota=amount(place.quota) if place.quota else None,
        used=amount(place.used) if place.used else 0,
        new=sum(amount(row.total) for row in rows if row.in_plan and row.phase == 1),
        beyond=sum(amount(row.total) for row in rows if not row.in_plan),
        growth=sum(amount(row.at_most) - amount(row.total) for row in rows),
        phase_3=sum(amount(row.total) for row in later) if later else kept,
        requested=amount(place.requested_quota) if place.requested_quota else None,
        phase_3_runs=bool(later),
    )
