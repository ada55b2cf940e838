"""`python -m telemetry drift`: compares what was deployed with what is there."""

import json
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients.cli_tools import Pulumi, ToolError
from telemetry.clients.kubernetes import ClusterError
from telemetry.operations.drift import rendering
from telemetry.operations.drift.findings import DriftError
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file

DRIFT = 2


def drift(
    stack: StackName,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the JSON to a file as well.", dir_okay=False)] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write Markdown for an issue; empty if there is no drift.", dir_okay=False)
    ] = None,
    preview: Annotated[
        bool, typer.Option(help="Ask the engine's preview too: buckets, datasources and the rest of the program.")
    ] = True,
    ignore_manager: Annotated[
        list[str] | None,
        typer.Option(
            envvar="TELEMETRY_DRIFT_IGNORE",
            help="A manager, as managedFields names it, that may write into deployed objects: an operator of your "
            "cluster. May be given more than once.",
        ),
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Compare what was deployed with what is there: releases, their values and objects, and the program's resources.

    Changes nothing. Ends with 0 if there is no drift, with 2 if there is, with 1 if it cannot be told.
    """
    # Imported here: the client takes a second to load, and the other commands do not need it.
    from telemetry.operations.drift.check import check

    with error_boundary(ConfigError, ClusterError, DriftError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        report = check(settings, Pulumi(stack, config_file), ignored=ignore_manager or (), preview=preview)
        content = json.dumps(report.as_json(), indent=2)
        if output is not None:
            output.write_text(content + "\n", encoding="utf-8")
        if markdown is not None:
            markdown.write_text(rendering.markdown(report), encoding="utf-8")
        if as_json:
            typer.echo(content)
        else:
            for line in rendering.terminal(report):
                console.print(line, soft_wrap=True)
    if report.findings:
        raise typer.Exit(DRIFT)
