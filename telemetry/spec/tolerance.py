"""The refusal of a replication factor that prod cannot do with."""

from telemetry.config.base import SettingError


def survives_no_loss(signal: str, writer: str = "ingester") -> SettingError:
    """Return that a backend would not survive one lost writer."""
    return SettingError(
        f"{signal}.replication_factor",
        f"survives no lost {writer}, and prod must; use 3 with 3 {writer}s, "
        f"or set {signal}.accept_no_failure_tolerance",
    )
