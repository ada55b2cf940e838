"""The Helm releases that a stack has."""

from typing import TypedDict

from telemetry.backends import BACKENDS
from telemetry.collector.release import collector_release
from telemetry.config import collector
from telemetry.config.chart import Versions
from telemetry.spec.release import Release
from telemetry.spec.values.common import Values
from telemetry.stack import Stack

CHARTS: Versions = {
    name: versions
    for charts in (*(backend.charts for backend in BACKENDS), collector.CHARTS)
    for name, versions in charts.items()
}
"""All charts that a release may come from, with the versions whose keys our Helm values were checked against."""


def releases_of(stack: Stack) -> tuple[Release, ...]:
    """Return all releases of a stack, one that a backend is moving away from included."""
    ours = collector_release(stack)
    of_backends = (release for backend in stack.backends for release in backend.releases)
    return (*of_backends, *([ours] if ours else []))


def overlays(stack: Stack) -> list[Release]:
    """Return the releases that values are laid over."""
    return [release for release in releases_of(stack) if not release.overlay.is_empty]


class DeployedRelease(TypedDict):
    """A Helm release as the program would deploy it; there is no secret in its values."""

    name: str
    namespace: str
    chart: str
    """A name in the repository, an oci:// reference or a path that begins at the project."""
    version: str
    repository: str | None
    values: Values


def deployed(stack: Stack) -> list[DeployedRelease]:
    """Return the releases of a stack."""
    return [
        {
            "name": release.name,
            "namespace": stack.namespace.name,
            "chart": release.chart.source,
            "version": release.chart.version,
            "repository": release.chart.repository,
            "values": release.values,
        }
        for release in releases_of(stack)
    ]
