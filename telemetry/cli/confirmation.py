"""The question that a command asks before it changes something."""

import sys

import typer
from rich.console import Console


def is_confirmed(console: Console, question: str, *, yes: bool) -> bool:
    """Whether the user agrees; `yes`: they have done so already. Nobody is asked where there is no terminal."""
    if yes:
        return True
    if not at_terminal():
        console.print("Nothing was done: say --yes if it shall be.")
        return False
    return typer.confirm(question)


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
