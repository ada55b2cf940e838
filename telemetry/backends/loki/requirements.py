"""What Loki requires of the stack that it is in."""

from telemetry.backends.loki.context import LokiContext
from telemetry.spec.tolerance import survives_no_loss


def check(context: LokiContext) -> None:
    """Refuse that prod stops with a lost writer; the single binary is a choice of its own."""
    logs = context.settings
    distributed = context.environment == "prod" and logs.topology == "distributed"
    if distributed and not (logs.survives_a_lost_writer or logs.accept_no_failure_tolerance):
        raise survives_no_loss("logs", "writer")
