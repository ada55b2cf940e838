"""Error messages of commands, without secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from telemetry.redaction import Redactor


@contextmanager
def error_boundary(*expected: type[Exception]) -> Iterator[Console]:
    """Yield a console; turn what a user can mend into one message and exit code 1."""
    try:
        yield Console()
    except expected as error:
        Console(stderr=True).print(
            f"error: {Redactor().message(str(error))}", markup=False, highlight=False, soft_wrap=True
        )
        raise typer.Exit(1) from error
