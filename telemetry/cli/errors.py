"""The console of commands, and their error messages, without secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from telemetry.redaction import Redactor


@contextmanager
def error_boundary(*expected: type[Exception]) -> Iterator[Console]:
    """Yield a console; turn what a user can mend into one message and exit code 1."""
    try:
        yield _console()
    except BrokenPipeError:  # nobody reads any more, such as `| head`
        raise
    except expected as error:
        _console(stderr=True).print(f"error: {Redactor().message(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error


def _console(*, stderr: bool = False) -> Console:
    """Return one that shows text as it is: `[...]` and `:key:` in what others have named mean nothing."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
