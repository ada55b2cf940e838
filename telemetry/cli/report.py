"""`report`: shows what `up` would do to a stack, object by object (docs/report.md)."""

from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.json_output import AsJson, JsonFile, for_people, give
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients.cli_tools import Pulumi, ToolError, helm_of
from telemetry.operations.report import rendering
from telemetry.operations.report.build import build
from telemetry.operations.report.markdown import LIMIT, markdown
from telemetry.operations.report.model import ChangeReport, Exit
from telemetry.operations.report.terminal import terminal
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file


def report(
    stack: StackName,
    markdown_file: Annotated[
        Path | None,
        typer.Option("--markdown", help="Write it for a pull request; empty if nothing changes.", dir_okay=False),
    ] = None,
    as_json: AsJson = False,
    output: JsonFile = None,
    limit: Annotated[int, typer.Option(help="Most characters of the Markdown.", min=4_000)] = LIMIT,
    base: Annotated[
        str | None, typer.Option(help="A commit to compare with, in place of what is deployed.", metavar="REF")
    ] = None,
    allow: Annotated[bool, typer.Option("--allow", help="Agree to what is destructive, or needs a hand.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Show what `up` would do to each Kubernetes object, bucket and datasource, and what to beware of.

    Ends with 0 if nothing changes, 2 if something does, 3 if something destructive does, or something that `up` cannot
    do, without --allow; 4 if a mandatory policy is not kept (docs/policies.md); 1 if there is an error.
    """
    with error_boundary(ConfigError, ToolError, OSError) as console:
        made = make(stack, config_file, base)
        for_people(console, as_json=as_json).print(terminal(made), soft_wrap=True)
        if markdown_file is not None:
            markdown_file.write_text(markdown(made, limit), encoding="utf-8")
        give(made.model_dump_json(indent=2) + "\n", output, as_json=as_json)
    code = made.exit_code(allow=allow)
    if code is not Exit.SAME:
        raise typer.Exit(code)


def make(stack: str, config_file: Path | None, base: str | None) -> ChangeReport:
    """Return the report on a stack.

    Raises:
        ConfigError: its settings cannot be used.
        ToolError: pulumi, helm or git failed.
    """
    settings = stack_file.load(stack, config_file)
    seen = rendering.preview(Pulumi(stack, config_file))
    helm = helm_of(settings.kubernetes, settings.namespace.name)
    rendered, found = rendering.find(seen, helm, stack, config_file=config_file, base=base)
    return build(settings, seen, rendered, found)
