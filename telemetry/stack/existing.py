"""Backends that somebody else runs, each with what is known of its kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telemetry.backends import backends_for
from telemetry.config.base import SettingError
from telemetry.config.existing import Existing
from telemetry.spec.backend import Backend, Elsewhere, Signal

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


@dataclass(frozen=True)
class ExistingBackend:
    """A backend of somebody else's."""

    of: Backend[Any, Any]
    """The backend, as its folder describes it."""
    known: Elsewhere
    """What holds of it although it is not ours."""
    settings: Existing

    @property
    def signal(self) -> Signal:
        """What it stores."""
        return self.of.signal


def existing_of(stack: "Stack") -> Iterator[ExistingBackend]:
    """Yield the backends of others that a stack names."""
    for signal, settings in stack.existing.items():
        of = next(iter(backends_for(signal).values()))
        if of.elsewhere is not None:
            yield ExistingBackend(of, of.elsewhere, settings)


def check(stack: "Stack") -> None:
    """Refuse backends of others that are ours, or of which nothing is known (SettingError)."""
    for signal in stack.existing:
        if signal in stack.signals:
            raise SettingError(f"existing.{signal}", f"is ours (telemetry:{signal}); remove one of the two")
        if next(iter(backends_for(signal).values())).elsewhere is None:
            raise SettingError(
                f"existing.{signal}", "has no alerts, service levels and dashboard that hold elsewhere; remove it"
            )
