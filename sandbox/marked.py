"""Tables of docs/ that runs write: between two marks, around which people write."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from telemetry.config import markdown


def parts(text: str, begin: str, end: str) -> tuple[str, str, str]:
    """Return what is before, between and behind two marks.

    Raises:
        ValueError: a mark is missing.
    """
    before, begun, rest = text.partition(begin)
    between, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"the page has no lines {begin} and {end}")
    return before, between, after


def put(
    page: Path, marks: tuple[str, str], headings: Sequence[str], rows: Iterable[Sequence[str]], below: str = ""
) -> None:
    """Put a table into a page in place of the one before, and a line below it."""
    before, _, after = parts(page.read_text(), *marks)
    table = "\n\n".join(filter(None, (markdown.table(headings, rows), below)))
    page.write_text(f"{before}{marks[0]}\n\n{table}\n\n{marks[1]}{after}")


def rows_of(page: Path, marks: tuple[str, str]) -> dict[str, list[str]]:
    """Return the rows of a page's table by their first cell, which is a name in code."""
    _, table, _ = parts(page.read_text(), *marks)
    cells = ([cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines())
    return {row[0]: row for row in cells if row[0].startswith("`")}
