"""What Mimir requires of the stack that it is in."""

from telemetry.backends.mimir.context import MimirContext
from telemetry.spec.tolerance import intolerant


def check(context: MimirContext) -> None:
    """Refuse that prod stops with a lost ingester."""
    metrics = context.settings
    if context.environment == "prod" and not (metrics.survives_a_lost_ingester or metrics.accept_no_failure_tolerance):
        raise intolerant("metrics")
