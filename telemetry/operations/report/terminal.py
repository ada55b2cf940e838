"""The report on a terminal."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from telemetry.config.tables import table
from telemetry.operations.report.lines import SIGNS, capacity_rows, heading, of_field, policies_line, summary
from telemetry.operations.report.model import ChangeReport, Item

_STYLES = {"+": "green", "-": "red", "~": "yellow", " ": "dim"}
_LEVELS = {"destructive": "bold red", "fails": "bold red", "disruptive": "yellow", "notice": "cyan"}


def terminal(report: ChangeReport) -> RenderableType:
    """Return the report for a rich console."""
    title = Text(f"{report.stack}: {summary(report)}", style="bold")
    parts: list[RenderableType] = [title, Text(f"compared with {report.compared_with}", style="dim"), Text()]
    parts += [Text.assemble(("refused ", "bold red"), text) for text in report.refused]
    parts += [
        Text.assemble((f"{warning.level} ", _LEVELS[warning.level]), (warning.about, "bold"), f": {warning.text}")
        for warning in report.warnings
    ]
    parts += _policies(report)
    if report.changes:
        parts += [_capacity(report), *_items(report)]
    return Group(*parts)


def _policies(report: ChangeReport) -> Iterator[Text]:
    yield Text(f"{policies_line(report)} (docs/policies.md)", style="green" if report.policies.kept else "bold red")
    for each in report.policies.violations:
        style = _LEVELS["fails" if each.severity == "mandatory" else "disruptive"]
        yield Text.assemble((f"{each.severity} ", style), (each.rule, "bold"), f": {each.text}")


def _capacity(report: ChangeReport) -> Table:
    shown = table("Capacity", "Before", "After")
    for name, before, after in capacity_rows(report):
        shown.add_row(name, before, Text(after, style="" if before == after else "bold yellow"))
    return shown


def _items(report: ChangeReport) -> Iterator[Text]:
    versions = {release.name: release for release in report.releases}
    for owner, items in groupby(report.items, key=lambda it: it.owner):
        release = versions.get(owner)
        yield Text(f"\nRelease {owner} ({release.version})" if release else "\nResources", style="bold")
        for it in items:
            yield from _item(it)
    untouched = [each for each in report.releases if each.action != "same" and not _owns(report, each.name)]
    for each in untouched:
        yield Text(f"\nRelease {each.name} is to {each.action}, but no object of it does", style="bold")


def _owns(report: ChangeReport, name: str) -> bool:
    return any(it.owner == name for it in report.items)


def _item(it: Item) -> Iterator[Text]:
    sign = SIGNS[it.action]
    yield Text(f"{sign} {heading(it)}", style=_LEVELS["fails"] if it.fails else _STYLES[sign])
    for field in it.fields:
        for each, line in of_field(field):
            yield Text(f"    {each} {line}", style=_STYLES[each])
