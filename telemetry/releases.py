"""The Helm releases that a stack has."""

from typing import TypedDict

from telemetry.collector.release import collector_release
from telemetry.spec.release import Release
from telemetry.spec.values.common import Values
from telemetry.stack import Stack


def releases_of(stack: Stack) -> tuple[Release, ...]:
    """Return all releases of a stack, one that a backend is moving away from included."""
    collector = collector_release(stack)
    of_backends = (release for backend in stack.backends for release in backend.releases)
    return (*of_backends, *([collector] if collector else []))


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
