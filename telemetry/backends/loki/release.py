"""Loki's release."""

from collections.abc import Iterator

from telemetry.backends.loki.context import LokiContext
from telemetry.backends.loki.roles import LOKI_TABLES
from telemetry.backends.loki.values import RELEASE, SINGLE, values
from telemetry.spec.backend import SizedRelease
from telemetry.spec.release import Release


def releases(context: LokiContext) -> Iterator[Release]:
    """Yield Loki's one release."""
    settings = context.settings
    yield Release(
        RELEASE,
        settings.chart,
        values(context),
        settings.roles,
        components={SINGLE: "all"},
        overlay=settings.values,
        section="logs",
    )


def sizes(context: LokiContext) -> Iterator[SizedRelease]:
    """Yield its sizes."""
    settings = context.settings
    yield SizedRelease("Loki", "telemetry:logs.roles", settings.roles, LOKI_TABLES[settings.topology])
