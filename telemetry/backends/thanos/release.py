"""The three releases of Prometheus with Thanos."""

from collections.abc import Iterable, Iterator
from typing import Any

from telemetry.backends.thanos import values, values_alertmanager, values_prometheus
from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.endpoints import ALERTMANAGER, PROMETHEUS, THANOS
from telemetry.backends.thanos.roles import ALERTMANAGER_ROLES, OF_THANOS, PROMETHEUS_ROLES, SIDECAR, THANOS_ROLES
from telemetry.backends.thanos.values_common import ALERTMANAGER_IMAGE, IMAGE, PROMETHEUS_IMAGE
from telemetry.config.images import Image
from telemetry.config.roles import Role
from telemetry.spec.backend import SizedRelease
from telemetry.spec.release import Release
from telemetry.spec.values.common import Values

RELEASES = (PROMETHEUS, THANOS, ALERTMANAGER)


def releases(context: ThanosContext) -> Iterator[Release]:
    """Yield the releases."""
    own = _roles(context, PROMETHEUS_ROLES)
    containers = {
        values_prometheus.CONTAINER: own[PROMETHEUS],
        values_prometheus.SIDECAR_CONTAINER: own[SIDECAR],
    }
    pods = dict.fromkeys(own, values_prometheus.CONTAINER)  # the container is called as the workload is
    yield _release(context, PROMETHEUS, values_prometheus.values(context), own, containers=containers, workloads=pods)
    yield _release(context, THANOS, values.values(context), _roles(context, OF_THANOS))
    yield _release(
        context,
        ALERTMANAGER,
        values_alertmanager.values(context),
        _roles(context, ALERTMANAGER_ROLES),
        workloads=dict.fromkeys(ALERTMANAGER_ROLES, ALERTMANAGER),
    )


def _release(context: ThanosContext, name: str, rendered: Values, roles: dict[str, Role], **more: Any) -> Release:
    settings = context.settings
    return Release(
        name,
        getattr(settings.charts, name),
        rendered,
        roles,
        overlay=getattr(settings.values, name),
        section="metrics",
        overlaid=f"values.{name}",
        **more,
    )


def sizes(context: ThanosContext) -> Iterator[SizedRelease]:
    """Yield the sizes, of all three releases as one."""
    yield SizedRelease("Thanos", "telemetry:metrics.roles", context.settings.roles, THANOS_ROLES)


def images(_: ThanosContext) -> Iterable[Image]:
    """Return the images of the pods."""
    return (PROMETHEUS_IMAGE, IMAGE, ALERTMANAGER_IMAGE)


def _roles(context: ThanosContext, names: Iterable[str]) -> dict[str, Role]:
    return {name: context.settings.roles[name] for name in names}
