"""What a backend in prod is told that loses data with one pod."""

from telemetry.config.base import SettingError


def intolerant(signal: str, writer: str = "ingester") -> SettingError:
    """Return what is wrong where no writer may be lost."""
    return SettingError(
        f"{signal}.replication_factor",
        f"survives no lost {writer}, and prod must; use 3 with 3 {writer}s, "
        f"or set {signal}.accept_no_failure_tolerance",
    )
