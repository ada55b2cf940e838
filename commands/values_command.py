"""What the program would deploy, from settings alone: what a report compares with where no cluster is reachable."""

import json
from typing import TypedDict

import typer

from commands import stack_file
from commands.arguments import ConfigFile, StackName
from commands.told import told
from helm.common import Values
from helm.releases import releases_of
from settings import ConfigError, Stack


class DeployedRelease(TypedDict):
    """A Helm release as the program would deploy it; there is no secret in its values."""

    name: str
    namespace: str
    chart: str
    """A name in the repository, an oci:// reference or a path that begins at the project."""
    version: str
    repository: str | None
    values: Values


def values(
    stack: StackName,
    config_file: ConfigFile = None,
) -> None:
    """Print the Helm releases that the program would deploy, as JSON: chart, version, repository and values."""
    with told(ConfigError, OSError):
        typer.echo(json.dumps(deployed(stack_file.load(stack, config_file)), indent=2, sort_keys=True))


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
