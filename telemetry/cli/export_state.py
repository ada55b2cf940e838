"""`export-state` and `restore-state`: copies of a stack's state, kept before each `up` and put back in its place."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telemetry.cli.confirmation import is_confirmed
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import StackName
from telemetry.clients.cli_tools import Pulumi, ToolError
from telemetry.config.tables import table
from telemetry.config.targets import make
from telemetry.operations.adopt import AdoptError
from telemetry.operations.adopt.errors import explained
from telemetry.operations.backup import exports
from telemetry.operations.backup.storage import Place, place_of

_UNCONFIRMED = 2
_VARIABLE = "STATE_EXPORTS"
_WHERE = typer.Option(
    "--at",
    envvar=_VARIABLE,
    help="A directory, or s3://bucket/folder?endpoint=…&region=…&s3ForcePathStyle=true with the state's credentials.",
)


def export_state(
    stack: StackName,
    at: Annotated[str | None, _WHERE] = None,
    keep: Annotated[int, typer.Option(min=1, help="How many copies of the stack are kept.")] = 30,
) -> None:
    """Write a copy of a stack's state to where copies are kept; what is secret in it stays ciphertext.

    Its name has stack and time in it, it overwrites nothing, and it is read again before older ones are removed.
    Ends with 0 if it is there, or if there is nothing in the state yet, and with 1 if it could not be written.
    """
    with error_boundary(AdoptError, ToolError, OSError) as console:
        place = _place(at)
        text = _asked(stack, "stack export")
        written = exports.write(place, stack, text, at=datetime.now(UTC), keep=keep)
        said = (
            f"{stack}: state exported to {place}/{written}" if written else f"{stack}: nothing in the state to export"
        )
        console.print(said, soft_wrap=True)


def restore_state(
    stack: StackName,
    copy: Annotated[
        str | None, typer.Argument(help="A file, or the name of a copy. Without: show which copies there are.")
    ] = None,
    at: Annotated[str | None, _WHERE] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Put it in place of the state without asking.")] = False,
) -> None:
    """Put a copy in place of a stack's state, even of one that pulumi cannot read; then `adopt` adds what came since.

    A copy is an export, or one of the files that the backend keeps (.pulumi/backups). Only the state is changed.
    Ends with 0 if it is in place or the copies were shown, 1 if it cannot be used, 2 if nobody has said yes.
    """
    with error_boundary(AdoptError, ToolError, OSError) as console:
        if copy is None:
            _show(console, _place(at), stack)
            return
        try:
            export = exports.parsed(_content(copy, at), stack)
        except AdoptError as error:
            raise AdoptError(f"{copy}: {error}") from error
        what = f"{copy}, written {exports.made(export)}, has {len(exports.resources(export))} resources"
        console.print(what, soft_wrap=True)
        if not is_confirmed(console, f"Put it in place of the state of {stack}?", yes=yes):
            raise typer.Exit(_UNCONFIRMED)
        _asked(stack, "stack import", json.dumps(export))
        console.print(
            f"It is the state of {stack} now. Next: {make('refresh', stack)}, then {make('adopt', stack)}",
            soft_wrap=True,
        )


def _asked(stack: str, command: str, stdin: str | None = None) -> str:
    try:
        return Pulumi(stack).run(command, stdin=stdin).stdout
    except ToolError as error:
        raise explained(error, stack) from error


def _content(copy: str, at: str | None) -> str:
    file = Path(copy)
    if file.is_file():
        try:
            return file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise AdoptError("is no copy of a state") from error
    if file.name != copy or at is None:
        raise AdoptError(f"there is no such file{'' if at else f', and {_VARIABLE} is not set'}")
    return place_of(at).read(copy)


def _show(console: Console, place: Place, stack: str) -> None:
    shown = table("Copy, the newest first", title=f"Copies of {stack} in {place}")
    for name in exports.of_stack(stack, place.names()):
        shown.add_row(name)
    console.print(shown)


def _place(at: str | None) -> Place:
    if not at:
        raise AdoptError(f"where copies of the state are kept is not said: set {_VARIABLE}, or --at (docs/pipeline.md)")
    return place_of(at)
