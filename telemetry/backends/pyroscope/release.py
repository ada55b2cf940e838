"""Pyroscope's release."""

from collections.abc import Iterator

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.backends.pyroscope.roles import PYROSCOPE_TABLES
from telemetry.backends.pyroscope.values import RELEASE, values
from telemetry.spec.backend import SizedRelease
from telemetry.spec.release import Release


def releases(context: PyroscopeContext) -> Iterator[Release]:
    """Yield Pyroscope's one release."""
    settings = context.settings
    yield Release(RELEASE, settings.chart, values(context), settings.roles, overlay=settings.values, section="profiles")


def sizes(context: PyroscopeContext) -> Iterator[SizedRelease]:
    """Yield its sizes."""
    settings = context.settings
    yield SizedRelease(
        "Pyroscope", "telemetry:profiles.roles", settings.roles, PYROSCOPE_TABLES[settings.topology], phase=3
    )
