"""A report as tables, for the terminal and as Markdown that can be pasted into a quota request."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich import box
from rich.table import Table as RichTable

from telemetry.capacity.figures import Report, Row, Scenario
from telemetry.capacity.fit import Verdict
from telemetry.capacity.footprint import Footprint
from telemetry.capacity.request import justification
from telemetry.config.amounts import NAMES, percent, rounded
from telemetry.config.markdown import table as markdown_table

_TIMES = "\u00d7"


@dataclass
class Table:
    """Rows of text under headers; sums stand out."""

    title: str
    headers: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    sums: set[int] = field(default_factory=set)
    """Indexes of the rows that are sums of others."""

    def add(self, *cells: str, is_sum: bool = False) -> None:
        """Add a row."""
        if is_sum:
            self.sums.add(len(self.rows))
        self.rows.append(cells)

    def turned(self) -> "Table":
        """Return it with a row for each column: many headers do not fit beside each other on a terminal."""
        _, *headers = (row[0] for row in (self.headers, *self.rows))
        rows = [(header, *(row[at] for row in self.rows)) for at, header in enumerate(self.headers) if at]
        return Table(self.title, ("", *headers), rows)

    def rich(self) -> RichTable:
        """Return it for the terminal."""
        table = RichTable(
            title=f"\n{self.title}",
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for number, header in enumerate(self.headers):
            table.add_column(header.replace(" ", "\n"), justify="right" if number else "left", overflow="fold")
        for number, row in enumerate(self.rows):
            table.add_row(*row, style="bold" if number in self.sums else "")
        return table

    def markdown(self) -> str:
        """Return it as Markdown."""
        rows = [
            [f"**{cell}**" if cell and number in self.sums else cell for cell in row]
            for number, row in enumerate(self.rows)
        ]
        return f"### {self.title}\n\n{markdown_table(self.headers, rows, numbers=True)}"


def breakdown(report: Report) -> Table:
    """Return the plan's table of roles (R5), then what is beyond it, then the sums."""
    table = Table(
        f"{report.environment.title()} Component Breakdown (Phase 1)",
        (
            *("Component", "Replicas", "CPU req", "Memory req", "Storage PVC"),
            *(("CPU limit",) if report.has_cpu_limits else ()),
            *("Mem limit", "QoS"),
        ),
    )
    planned = [row for row in report.rows if row.in_plan and row.phase == 1]
    later = [row for row in report.rows if row.in_plan and row.phase == 3]
    beyond = [row for row in report.rows if not row.in_plan]
    _add_rows(table, planned, cpu_limits=report.has_cpu_limits)
    _add_sum(table, "Phase 1 total", _total(planned))
    if later:
        _add_rows(table, later, cpu_limits=report.has_cpu_limits)
        _add_sum(table, "Phase 3 total", _total(later))
    if beyond:
        _add_rows(table, beyond, cpu_limits=report.has_cpu_limits)
        _add_sum(table, "Beyond the plan", _total(beyond))
    for backend, subtotal in report.backends.items():
        _add_sum(table, f"{backend} in all", subtotal)
    _add_sum(table, "Everything", report.total)
    if report.at_most != report.total:
        _add_sum(table, "Everything at maximum autoscaling", report.at_most)
    return table


def quota(report: Report) -> Table:
    """Return the plan's quota request (R34), and right of it the same with what is beyond the plan."""
    scales = any(line.growth for line in report.lines)
    asks = any(line.requested is not None for line in report.lines)
    table = Table(
        f"{report.environment.title()} Quota{' Increase Request' if asks else ''}",
        (
            *("Resource", "Current quota", "Currently used", "Phase 1 new", "Phase 3 new"),
            *("Total required", "Requested", "Headroom"),
            *("Beyond the plan", "Everything", "Headroom with everything"),
            *(("At maximum autoscaling", "Headroom then") if scales else ()),
        ),
    )
    for line in report.lines:
        kind, most = line.resource, line.everything + line.growth
        figures = (line.quota, line.used, line.new, line.phase_3, line.planned, line.requested)
        table.add(
            NAMES[kind],
            *("-" if figure is None else rounded(kind, figure) for figure in figures),
            percent(line.headroom(line.planned)),
            rounded(kind, line.beyond),
            rounded(kind, line.everything),
            percent(line.headroom(line.everything)),
            *((rounded(kind, most), percent(line.headroom(most))) if scales else ()),
        )
    return table


def fits(report: Report) -> Table:
    """Return whether everything fits: now, at maximum autoscaling, and with Phase 3 on top."""
    table = Table("Does it fit?", ("", "Current quota", "Requested quota"))
    words = {True: "yes", False: "NO", None: "-"}
    for scenario in Scenario:
        answers = (report.fits(scenario, against) for against in ("quota", "requested"))
        table.add(scenario.value, *(words[answer] for answer in answers))
    return table


def footnotes(report: Report) -> list[str]:
    """Return what a reader has to know to trust the figures."""
    notes = [f"A row is the total over its replicas. {report.limits}"]
    notes += dict.fromkeys(row.note for row in report.rows if row.note)
    if not all(row.in_plan for row in report.rows):
        notes.append("Beyond the plan: what the plan's table does not name, but runs all the same.")
    notes += dict.fromkeys(row.release_note for row in report.rows if row.release_note)
    if report.volumes is not None:
        notes.append(str(report.volumes))
    if all(line.requested is None for line in report.lines):
        notes.append("No increase is requested: headroom is counted against the current quota.")
    return [*notes, *report.notes]


def markdown(report: Report, verdict: Verdict) -> str:
    """Return the whole report as Markdown."""
    why = justification(report)
    parts = [
        *(table.markdown() for table in (breakdown(report), quota(report))),
        *(["### Justification", *why] if why else []),
        fits(report).markdown(),
        _list("Verdict", verdict_lines(verdict)),
        _list("Notes", footnotes(report)),
    ]
    return "\n\n".join([f"# Capacity of {report.environment}", *parts, ""])


def verdict_lines(verdict: Verdict) -> list[str]:
    """Return what the program would say before a deployment."""
    lines = [f"refused: {line}" for line in verdict.refusals] + [f"warning: {line}" for line in verdict.warnings]
    return lines or ["It fits."]


def _list(title: str, items: Iterable[str]) -> str:
    return "\n".join([f"### {title}", "", *(f"- {item}" for item in items)])


def _add_rows(table: Table, rows: Iterable[Row], *, cpu_limits: bool) -> None:
    for row in rows:
        size, total = row.size, row.total
        cpu_limit = rounded("cpu", size.cpu_limit) if size.cpu_limit else ""
        storage = rounded("storage", total.storage) if size.volume else ""
        if size.volume and size.replicas > 1:
            storage += f" ({rounded('storage', size.volume)}{_TIMES}{size.replicas})"
        table.add(
            f"{row.backend} {row.role}",
            f"{size.replicas}-{size.max_replicas}" if size.autoscaling else str(size.replicas),
            rounded("cpu", total.cpu),
            rounded("memory", total.memory),
            storage,
            *((cpu_limit,) if cpu_limits else ()),
            rounded("memory", size.memory_limit) if size.memory_limit else "",
            row.qos,
        )


def _add_sum(table: Table, name: str, total: Footprint) -> None:
    figures = (rounded("cpu", total.cpu), rounded("memory", total.memory), rounded("storage", total.storage))
    empty = [""] * (len(table.headers) - len(figures) - 2)  # of limits and classes, which are of one replica
    table.add(name, str(total.pods), *figures, *empty, is_sum=True)


def _total(rows: Iterable[Row]) -> Footprint:
    return sum((row.total for row in rows), Footprint())
