"""Tables of docs/ that runs write: between two marks, around which people write."""

from collections.abc import Iterable, Sequence

from telemetry.config import markdown


def with_table(
    page: str,
    marks: tuple[str, str],
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    order: Iterable[str],
    below: str = "",
) -> str:
    """Return a page with rows in its table, in place of earlier ones of the same first cell; others stay.

    Args:
        page: its text so far.
        marks: what the table is between.
        headings: of the columns.
        rows: cells of the new rows.
        order: the first cells of all rows that there may be; names in code, where earlier rows are to stay.
        below: a line below the table.

    Raises:
        ValueError: a mark is missing.
    """
    begin, end = marks
    before, begun, rest = page.partition(begin)
    between, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"the page has no lines {begin} and {end}")
    lines = {**_lines(between), **{cells[0]: markdown.row(cells) for cells in rows}}
    table = "\n".join([*markdown.head(headings), *(lines[name] for name in order if name in lines)])
    body = "\n\n".join(filter(None, (table, below)))
    return f"{before}{begin}\n\n{body}\n\n{end}{after}"


def _lines(table: str) -> dict[str, str]:
    """Return the rows of a table in Markdown by their first cell."""
    found = (line for line in table.splitlines() if line.startswith("| `"))
    return {line.split(" | ")[0].removeprefix("| "): line for line in found}
