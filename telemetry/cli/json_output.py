"""JSON of commands, asked for in the same way of each: `--json` prints it, `--output FILE` writes it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON in place of what is for people.")]
JsonFile = Annotated[Path | None, typer.Option("--output", help="Write the JSON to a file as well.", dir_okay=False)]


def for_people(console: Console, *, as_json: bool) -> Console:
    """Return where to print what is for people: nowhere, where standard output is to be JSON."""
    return Console(quiet=True) if as_json else console


def give(content: str, output: Path | None, *, as_json: bool) -> None:
    """Write a command's JSON to the file and print it, as far as each is asked for (OSError)."""
    if output is not None:
        output.write_text(content, encoding="utf-8")
    if as_json:
        typer.echo(content, nl=False)
