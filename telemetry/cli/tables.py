"""Tables of commands."""

from rich.table import Table


def table(*headers: str, title: str | None = None) -> Table:
    """Return an empty table that cuts nothing off: what is too long for a narrow terminal goes on in the next line."""
    made = Table(title=title)
    for header in headers:
        made.add_column(header, overflow="fold")
    return made
