"""`python -m telemetry collector`: the configuration of a collector that sends here, for whoever runs one."""

from typing import Annotated, Literal

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.collector.config import configuration
from telemetry.config.base import did_you_mean
from telemetry.config.collector import Collector
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file


def collector(
    stack: StackName,
    kind: Annotated[
        Literal["alloy", "otel"] | None,
        typer.Option(
            help="Whose configuration: Alloy's, or the OpenTelemetry Collector's; what the settings say else."
        ),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="As whom it sends; the tenant of telemetry:collector otherwise.")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Print the configuration of a collector that sends applications' telemetry here, as telemetry:collector wants it.

    With --tenant it is that of another tenant, which collects nothing of ours: hand it over together with the tenant's
    Secret, to be mounted at /etc/telemetry. There is no secret in it. Ends with 1 if nobody says which tenant it is.
    """
    with error_boundary(ConfigError, OSError):
        settings = stack_file.load(stack, config_file)
        tenants = [each.id for each in settings.tenants]
        if tenant is not None and tenant not in tenants:
            raise ConfigError([f"--tenant: {tenant} is no tenant of {stack}{did_you_mean(tenant, tenants)}"])
        chosen = settings.collector or Collector()
        if kind is not None:
            chosen = chosen.model_copy(update={"kind": kind})
        if tenant is not None:
            chosen = chosen.model_copy(update={"tenant": tenant, "pod_logs": None, "own_metrics": None})
            nobody = settings.monitoring.model_copy(update={"scrape": "none"})
            settings = settings.model_copy(update={"monitoring": nobody})
        if chosen.tenant is None and len(tenants) > 1:
            raise ConfigError([f"--tenant: is not given, and {stack} has {len(tenants)} tenants: {', '.join(tenants)}"])
        typer.echo(configuration(settings, chosen), nl=False)
