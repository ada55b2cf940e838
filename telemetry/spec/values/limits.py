"""What a tenant may use, as the backends' runtime overrides have it, which they read again while they run."""

from telemetry.config.quantities import duration_text
from telemetry.spec.values.common import Values


def with_retention(limits: Values, key: str, seconds: int | None) -> Values:
    """Return limits with a retention, where there is one."""
    return limits if seconds is None else {**limits, key: duration_text(seconds)}


def stated(values: Values) -> Values:
    """Return what is stated: without the keys that say None."""
    return {key: value for key, value in values.items() if value is not None}


def optional_duration(seconds: int | None) -> str | None:
    """Return a duration as the backends' configurations have it; None stays None."""
    return None if seconds is None else duration_text(seconds)
