"""The capacity of a stack for other programs to read: its output `capacity` (docs/outputs.md)."""

from typing import Literal

from typing_extensions import TypedDict  # pydantic makes the published schema of it, and asks for this one

from telemetry.capacity.figures import Line, Report, Scenario, report
from telemetry.config.amounts import quantity
from telemetry.stack import Stack


class ResourceSummary(TypedDict):
    """One resource as Kubernetes quantities; `total` is all of used, new, beyond_plan and phase_3."""

    quota: str | None
    requested: str | None
    used: str
    new: str
    beyond_plan: str
    autoscaling: str
    phase_3: str
    total: str
    headroom_percent: float | None


class Fits(TypedDict):
    """Whether there is room, each more than the one before; None without a quota."""

    now: bool | None
    at_maximum: bool | None
    with_phase_3: bool | None


class Summary(TypedDict):
    """What a stack asks for and whether that fits, for other programs to read."""

    cpu: str
    memory: str
    storage: str
    pods: int
    resources: dict[str, ResourceSummary]
    fits: Fits
    fits_requested: Fits


def summary(stack: Stack) -> Summary:
    """Return the capacity of a stack as plain JSON values."""
    figures = report(stack)
    total = figures.total
    return {
        "cpu": quantity("cpu", total.cpu),
        "memory": quantity("memory", total.memory),
        "storage": quantity("storage", total.storage),
        "pods": total.pods,
        "resources": {line.resource: _resource(line) for line in figures.lines},
        "fits": _fits(figures, "quota"),
        "fits_requested": _fits(figures, "requested"),
    }


def _fits(figures: Report, against: Literal["quota", "requested"]) -> Fits:
    return {
        "now": figures.fits(Scenario.NOW, against),
        "at_maximum": figures.fits(Scenario.AT_MAXIMUM, against),
        "with_phase_3": figures.fits(Scenario.WITH_PHASE_3, against),
    }


def _resource(line: Line) -> ResourceSummary:
    headroom = line.headroom(line.everything)
    return {
        "quota": None if line.quota is None else quantity(line.resource, line.quota),
        "requested": None if line.requested is None else quantity(line.resource, line.requested),
        "used": quantity(line.resource, line.used),
        "new": quantity(line.resource, line.new),
        "beyond_plan": quantity(line.resource, line.beyond),
        "autoscaling": quantity(line.resource, line.growth),
        "phase_3": quantity(line.resource, line.phase_3),
        "total": quantity(line.resource, line.everything),
        "headroom_percent": None if headroom is None else round(headroom, 1),
    }
