"""`values`: prints the releases that the program would deploy, from settings alone; a report compares with them."""

import json

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.releases import deployed
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file


def values(
    stack: StackName,
    config_file: ConfigFile = None,
) -> None:
    """Print the Helm releases that the program would deploy, as JSON: chart, version, repository and values."""
    with error_boundary(ConfigError, OSError):
        typer.echo(json.dumps(deployed(stack_file.load(stack, config_file)), indent=2, sort_keys=True))
