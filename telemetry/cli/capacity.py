"""`python -m telemetry capacity`: what a stack asks for, and whether it fits."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telemetry.capacity import chart as drawing
from telemetry.capacity import fit as sizes
from telemetry.capacity import tables
from telemetry.capacity.figures import report
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file


def capacity(
    stack: StackName,
    markdown: Annotated[
        Path | None, typer.Option(help="Write all of it as Markdown, to paste into a quota request.", dir_okay=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw used, new and free per resource, as SVG.", dir_okay=False)
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Show what a stack asks for, role by role, and whether its namespace has room.

    Ends with 0 if the program would deploy it, with or without warnings; with 1 if it would refuse it.
    """
    with error_boundary(ConfigError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        figures, verdict = report(settings), sizes.check(settings)
        for table in (tables.breakdown(figures), tables.quota(figures).turned(), tables.fits(figures)):
            console.print(table.rich())
        for line in (*tables.footnotes(figures), "", *tables.verdict_lines(verdict)):
            console.print(line, soft_wrap=True)
        _write(console, markdown, tables.markdown(figures, verdict))
        _write(console, picture, drawing.svg(figures))
    if verdict.refusals:
        raise typer.Exit(1)


def _write(console: Console, path: Path | None, content: str) -> None:
    if path is not None:
        path.write_text(content, encoding="utf-8")
        console.print(f"wrote {path}")
