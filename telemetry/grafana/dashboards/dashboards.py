"""All dashboards of a stack, as they are deployed."""

from collections.abc import Iterator

from telemetry.grafana.dashboards import (
    alerts,
    capacity,
    collector,
    kubernetes,
    object_store,
    overview,
    service_levels,
    tenants,
)
from telemetry.grafana.dashboards.render import rendered
from telemetry.spec.panels import Dashboard
from telemetry.spec.promql import Scope
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first
from telemetry.stack.existing import existing_of

_MAKERS = (
    service_levels.dashboard,
    alerts.dashboard,
    object_store.dashboard,
    tenants.dashboard,
    collector.dashboard,
    capacity.dashboard,
    kubernetes.dashboard,
)


def folder_uid(stack: Stack) -> str:
    """Return the uid of the folder of a stack's dashboards."""
    return f"telemetry-{stack.environment}"


def uid_of(stack: Stack, dashboard: Dashboard) -> str:
    """Return a dashboard's uid: a constant, since bookmarks and links are made of it."""
    return f"{folder_uid(stack)}-{dashboard.slug}"


def dashboards_of(stack: Stack) -> Iterator[Dashboard]:
    """Yield the dashboards of a stack; of what a stack does not have, there is none."""
    yield overview.dashboard(stack)
    for backend in metrics_first(stack.backends):
        if backend.of.dashboard is not None:
            yield backend.of.dashboard(backend.context)
    for existing in existing_of(stack):
        yield existing.known.dashboard(Scope.namespace(existing.settings.namespace))
    yield from (made for make in _MAKERS if (made := make(stack)) is not None)


def documents_of(stack: Stack, datasource: str) -> dict[str, str]:
    """Return their JSON by uid; `datasource` is the uid of the Prometheus that they ask."""
    return {
        uid_of(stack, each): rendered(
            each, uid=uid_of(stack, each), environment=stack.environment, datasource=datasource
        )
        for each in dashboards_of(stack)
    }
