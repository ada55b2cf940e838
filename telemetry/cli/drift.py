"""`python -m telemetry drift`: compares what was deployed with what is there."""

import json
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.json_output import AsJson, JsonFile, for_people, give
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
    as_json: AsJson = False,
    output: JsonFile = None,
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
        give(json.dumps(report.as_json(), indent=2) + "\n", output, as_json=as_json)
        if markdown is not None:
            markdown.write_text(rendering.markdown(report), encoding="utf-8")
        for line in rendering.terminal(report):
            for_people(console, as_json=as_json).print(line, soft_wrap=True)
    if report.findings:
        raise typer.Exit(DRIFT)
