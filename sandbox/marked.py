"""What of docs/ runs write: between two marks, around which people write."""

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
    _, between, _ = _parts(page, marks)
    lines = {**_lines(between), **{cells[0]: markdown.row(cells) for cells in rows}}
    table = "\n".join([*markdown.head(headings), *(lines[name] for name in order if name in lines)])
    return with_text(page, marks, "\n\n".join(filter(None, (table, below))))


def with_text(page: str, marks: tuple[str, str], text: str) -> str:
    """Return a page with a text between two marks, in place of what is there.

    Raises:
        ValueError: a mark is missing.
    """
    before, _, after = _parts(page, marks)
    begin, end = marks
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}"


def _parts(page: str, marks: tuple[str, str]) -> tuple[str, str, str]:
    """Return what is before, between and after the marks."""
    begin, end = marks
    before, begun, rest = page.partition(begin)
    between, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"the page has no lines {begin} and {end}")
    return before, between, after


def _lines(table: str) -> dict[str, str]:
    """Return the rows of a table in Markdown by their first cell."""
    found = (line for line in table.splitlines() if line.startswith("| `"))
    return {line.split(" | ")[0].removeprefix("| "): line for line in found}
