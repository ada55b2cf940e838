"""What Mimir requires of the stack that it is in."""

from telemetry.backends.mimir.context import MimirContext
from telemetry.config.base import SettingError
from telemetry.spec.tolerance import survives_no_loss


def check(context: MimirContext) -> None:
    """Refuse receivers of alerts that Mimir would not call, and that prod stops with a lost ingester."""
    receivers, metrics = context.security.alert_receivers, context.settings
    if receivers is not None and receivers.namespaces and not receivers.cidrs:
        raise SettingError(
            "security.alert_receivers.cidrs",
            "is not set, and receivers in the cluster are called by the private addresses of their Services, which "
            "Mimir refuses; add these, such as 10.96.12.34/32",
        )
    tolerant = metrics.survives_a_lost_ingester or metrics.accept_no_failure_tolerance
    if context.environment == "prod" and not tolerant:
        raise survives_no_loss("metrics")
