"""Tables of Markdown."""

from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Iterable[str]], *, numbers: bool = False) -> str:
    """Return a table; `numbers`: all columns but the first are aligned to the right."""
    return "\n".join([*head(headings, numbers=numbers), *map(row, rows)])


def head(headings: Sequence[str], *, numbers: bool = False) -> list[str]:
    """Return the lines above a table's rows."""
    rule = ["---", *(("---:" if numbers else "---") for _ in headings[1:])]
    return [row(headings), row(rule)]


def row(cells: Iterable[str]) -> str:
    """Return a row; a bar in a cell does not end it."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
