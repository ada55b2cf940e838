"""The collector's release."""

from telemetry.collector.values import RELEASE, values
from telemetry.spec.release import Release
from telemetry.stack import Stack


def collector_release(stack: Stack) -> Release | None:
    """Return Alloy; None where the program deploys none."""
    settings, role = stack.collector, stack.collector_role
    if settings is None or settings.chart is None or role is None:
        return None
    return Release(RELEASE, settings.chart, values(stack, settings), {"alloy": role})
