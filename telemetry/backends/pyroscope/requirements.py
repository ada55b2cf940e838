"""What Pyroscope requires of the stack that it is in."""

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.config.base import SettingError


def check(context: PyroscopeContext) -> None:
    """Refuse that prod stops with a lost pod; the single binary is a choice of its own."""
    profiles = context.settings
    if context.environment == "prod" and profiles.topology == "distributed" and profiles.lost_with_one_pod:
        role = profiles.lost_with_one_pod[0]
        raise SettingError(
            f"profiles.roles.{role}.replicas",
            f"survives no lost pod, and prod must; set it to {3 if role == 'metastore' else 2} or more",
        )
