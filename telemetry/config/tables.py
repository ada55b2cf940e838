"""Tables for the terminal."""

from rich import box
from rich.table import Table


def table(*headers: str, title: str | None = None, frame: box.Box = box.HEAVY_HEAD) -> Table:
    """Return an empty table that cuts nothing off: what is too long for a narrow terminal goes on in the next line."""
    made = Table(title=title, title_justify="left", box=frame)
    for header in headers:
        made.add_column(header, overflow="fold")
    return made
