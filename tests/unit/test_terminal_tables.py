"""Tables on a narrow terminal: a command or a path that is shown can be read to its end."""

import re
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from telemetry.config.tables import table
from telemetry.operations.checklist import report
from telemetry.operations.checklist.model import Ticked
from tests.support import REPO

PATH = "docs/ops/scheduler-worker-prometheus-rules-of-the-platform.yaml"


def cells(shown: Table) -> str:
    """Return what a terminal of 80 columns shows, without frames and line breaks."""
    console = Console(width=80, record=True, file=StringIO())
    console.print(shown)
    return re.sub(r"[\s┃│]", "", console.export_text())


@pytest.mark.parametrize("columns", [1, 4])
def test_a_cell_that_is_too_long_goes_on_in_the_next_line(columns: int) -> None:
    shown = table(*["Name"] * columns)
    shown.add_row(*[""] * (columns - 1), PATH)
    assert PATH in cells(shown)


def test_the_checklist_shows_all_of_what_is_to_be_asked() -> None:
    query = 'count(cortex_build_info{namespace="telemetry-prod"})'
    item = Ticked(f"Rules imported (`{PATH}`).", "by hand", "nothing was seen", f"ask: {query} is above 0")
    assert "…" not in cells(report.table("prod", [item]))


def test_every_command_makes_its_tables_so() -> None:
    files = [*(REPO / "telemetry").rglob("*.py"), REPO / "sandbox/cli.py", REPO / "sandbox/summary.py"]
    with_rich = {file: text for file in files if "from rich.table import Table\n" in (text := file.read_text())}
    assert [str(file) for file, text in with_rich.items() if re.search(r"\bTable\([\"'*]", text)] == []
