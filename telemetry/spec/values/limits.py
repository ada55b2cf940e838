"""What a tenant may use, as the backends' runtime overrides have it, which they read again while they run."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from telemetry.config.base import Settings
from telemetry.config.quantities import duration_text
from telemetry.spec.context import Grant
from telemetry.spec.values.common import Values

L = TypeVar("L", bound=Settings)
LimitsOf = Callable[[L], Values]
"""Puts a tenant's limits into a backend's own words."""


def overrides(tenants: Mapping[str, Grant[L]], limits_of: LimitsOf[L], *, retention: str) -> Values:
    """Return the limits of each tenant, and under the key `retention` how long its data is kept, where that is stated.

    What is not stated stays as the backend's own limits have it.
    """
    return {
        tenant: stated({**limits_of(of.limits), retention: optional_duration(of.retention)})
        for tenant, of in tenants.items()
    }


def shared(limits: L | None, limits_of: LimitsOf[L]) -> Values:
    """Return what all may use together where there are no tenants; nothing where that is left to the backend."""
    return {} if limits is None else limits_of(limits)


def stated(values: Values) -> Values:
    """Return what is stated: without the keys that say None."""
    return {key: value for key, value in values.items() if value is not None}


def optional_duration(seconds: int | None) -> str | None:
    """Return a duration as the backends' configurations have it; None stays None."""
    return None if seconds is None else duration_text(seconds)
