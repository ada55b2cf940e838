"""What a tenant may use, as the backends' runtime overrides have it, which they read again while they run."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from telemetry.config.base import Settings
from telemetry.config.quantities import duration_text
from telemetry.spec.context import Grant
from telemetry.spec.values.common import Values, merged

L = TypeVar("L", bound=Settings)
LimitsOf = Callable[[L], Values]
"""Puts a tenant's limits into a backend's own words."""


class Limit(NamedTuple):
    """A limit that has a setting."""

    name: str
    """What the backend calls it; the parts of a path are joined by a dot."""
    written: Callable[[Any], Any] = lambda value: value
    """How the backend reads the setting's value."""


class _Limits(Protocol):
    @property
    def others(self) -> dict[str, Any]:
        """Limits in the backend's own words."""


def in_words(limits: _Limits, words: Mapping[str, Limit]) -> Values:
    """Return limits in a backend's own words; what is not stated is left out.

    Args:
        limits: the settings.
        words: what the backend calls each, by setting.
    """
    result: Values = {}
    for setting, limit in words.items():
        value = getattr(limits, setting)
        if value is not None:
            result = merged(result, _at(limit.name, limit.written(value)))
    return merged(result, limits.others)


def set_by(words: Mapping[str, Limit], **elsewhere: str) -> dict[str, str]:
    """Return who sets a limit, by the backend's name of it: a key of the limits, or who `elsewhere` says."""
    return {limit.name: f"the key {setting} of these limits" for setting, limit in words.items()} | elsewhere


def _at(name: str, value: Any) -> Values:
    for part in reversed(name.split(".")):
        value = {part: value}
    found: Values = value
    return found


def overrides(tenants: Mapping[str, Grant[L]], limits_of: LimitsOf[L], *, retention: str) -> Values:
    """Return the limits of each tenant, and under the key `retention` how long its data is kept, where that is stated.

    What is not stated stays as the backend's own limits have it.
    """
    return {
        tenant: limits_of(of.limits) | ({} if of.retention is None else {retention: duration_text(of.retention)})
        for tenant, of in tenants.items()
    }


def shared(limits: L | None, limits_of: LimitsOf[L]) -> Values:
    """Return what all may use together where there are no tenants; nothing where that is left to the backend."""
    return {} if limits is None else limits_of(limits)
