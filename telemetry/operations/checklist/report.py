"""The checklist as a table, a summary and JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich import box
from rich.table import Table
from rich.text import Text

from telemetry.config.tables import table as framed
from telemetry.operations.checklist.model import Ticked

SCHEMA_VERSION = 1
"""Of the JSON; raised whenever its shape changes."""
_MARKS = {"done": ("[x]", "green"), "open": ("[ ]", "red"), "by hand": ("[?]", "yellow")}


def table(stack: str, items: Sequence[Ticked]) -> Table:
    """Return the list for the terminal; of what is not done, how it is."""
    title = f"Operational checklist of {stack}"
    shown = framed("", "", "Item", "What was seen", title=title, frame=box.SIMPLE_HEAD)
    for each in items:
        mark, colour = _MARKS[each.state]
        detail = Text(each.detail)
        if each.state != "done":
            detail.append(f"\n→ {each.how}", style="dim")
        shown.add_row(Text(mark, style=colour), Text(each.state, style=colour), Text(each.item), detail)
    return shown


def summary(items: Sequence[Ticked]) -> str:
    """Return the last line."""
    count = Counter(each.state for each in items)
    return f"{len(items)} items: {count['done']} done, {count['open']} open, {count['by hand']} by hand"


def as_json(stack: str, items: Sequence[Ticked]) -> str:
    """Return the list for programs."""
    content = {"schema_version": SCHEMA_VERSION, "stack": stack, "items": [asdict(each) for each in items]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def exit_code(items: Sequence[Ticked], *, allow_manual: bool) -> int:
    """Return 0 if all is done, or open to nobody but a person who is allowed; else 1."""
    states = {each.state for each in items}
    return int("open" in states or ("by hand" in states and not allow_manual))
