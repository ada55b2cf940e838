"""Mimir's release."""

from collections.abc import Iterator, Mapping

from telemetry.backends.mimir.context import MimirContext
from telemetry.backends.mimir.roles import MIMIR_ROLES
from telemetry.backends.mimir.values import RELEASE, deployed_roles, values
from telemetry.config.roles import Role
from telemetry.spec.backend import SizedRelease
from telemetry.spec.release import Release
from telemetry.spec.scaling import autoscaler
from telemetry.spec.values.common import Values


def releases(context: MimirContext) -> Iterator[Release]:
    """Yield Mimir's one release."""
    roles = deployed_roles(context)
    settings = context.settings
    yield Release(
        RELEASE,
        settings.chart,
        values(context),
        roles,
        tuple(_autoscalers(roles)),
        overlay=settings.values,
        section="metrics",
    )


def sizes(context: MimirContext) -> Iterator[SizedRelease]:
    """Yield its sizes."""
    yield SizedRelease("Mimir", "telemetry:metrics.roles", deployed_roles(context), MIMIR_ROLES)


def _autoscalers(roles: Mapping[str, Role]) -> Iterator[Values]:
    """Yield the autoscalers of roles, whose chart scales by KEDA only and is told `replicas: null`."""
    for name, role in roles.items():
        if role.autoscaling is not None:
            yield autoscaler(f"{RELEASE}-{name}", role.autoscaling)
