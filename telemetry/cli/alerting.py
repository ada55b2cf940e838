"""`python -m telemetry alerting`: the configuration of an Alertmanager that tells people, for whoever runs one."""

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.spec.alertmanager import FOLDER, SECRET, configuration
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file


def alerting(stack: StackName, config_file: ConfigFile = None) -> None:
    """Print the configuration of an Alertmanager that tells people of alerts, as telemetry:alerting wants it.

    It is the one that the stack's own Alertmanager has. There is no secret in it: it names a file for each credential.
    Ends with 1 if the stack has no telemetry:alerting.
    """
    with error_boundary(ConfigError, OSError):
        settings = stack_file.load(stack, config_file)
        if settings.alerting is None:
            raise ConfigError(["telemetry:alerting: is not set, so nobody is told; add receivers (docs/monitoring.md)"])
        for each in settings.alerting.receivers:
            if each.has_credential:
                where = f"{each.secret.name}, key {each.secret.key}" if each.secret else f"{SECRET}, key {each.name}"
                typer.echo(f"# {FOLDER}/{each.name}: of Secret {where}")
        typer.echo(configuration(settings.alerting, settings.monitoring.severities), nl=False)
