"""The commands. Each ends with 0 if all is well, 1 if it found something wrong, 2 if it was called wrongly."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as RichTable

from commands import stack_file
from commands.comparison import CompareError, Difference, other_version, releases
from commands.comparison import compare as hold_against
from settings import ConfigError
from sizing import capacity as sizes
from sizing import picture as drawing
from sizing import tables
from sizing.footprint import Footprint
from sizing.manifests import UncountableError
from sizing.report import report
from sizing.text import quantity

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

Stack = Annotated[str, typer.Argument(help="dev, test or prod")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="Settings to read in place of Pulumi.<stack>.yaml.", dir_okay=False)
]


@app.command()
def capacity(
    stack: Stack,
    markdown: Annotated[
        Path | None, typer.Option(help="Write all of it as Markdown, to paste into a quota request.", dir_okay=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw used, new and free per resource, as SVG.", dir_okay=False)
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Show what a stack asks for, role by role, and whether its namespace has room.

    Ends with 0 if the program would deploy it, with or without warnings; with 1 if it would refuse it.
    """
    with _told() as console:
        settings = stack_file.load(stack, config_file)
        figures, verdict = report(settings), sizes.check(settings)
        for table in (tables.breakdown(figures), tables.quota(figures).turned(), tables.fits(figures)):
            console.print(table.rich())
        for line in (*tables.footnotes(figures), "", *tables.verdict_lines(verdict)):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        _write(console, markdown, tables.markdown(figures, verdict))
        _write(console, picture, drawing.svg(figures))
    if verdict.refusals:
        raise typer.Exit(1)


@app.command()
def compare(
    stack: Stack,
    tempo_chart: Annotated[
        list[Path],
        typer.Option(help="Folder of Tempo's chart; during a move, give both. The one of the right name is taken."),
    ],
    mimir_chart: Annotated[Path, typer.Option(help="Folder of the chart mimir-distributed.")],
    helm: Annotated[str, typer.Option(help="The helm program.")] = "helm",
    config_file: ConfigFile = None,
) -> None:
    """Render a stack's charts, add up what they ask for, and hold that against the report.

    Ends with 0 only if there is no difference: CPU, memory, volumes and pods of every release.
    """
    with _told() as console:
        settings = stack_file.load(stack, config_file)
        charts = [*tempo_chart, mimir_chart]
        nodes = settings.kubernetes.nodes
        differences: list[Difference] = []
        for release in releases(settings):
            differences += hold_against(
                release, charts, namespace=settings.namespace.name, nodes=nodes.count if nodes else None, helm=helm
            )
            other = other_version(release, charts)
            if other is not None:
                console.print(f"note: chart {release.chart} is {other}; the program deploys {release.version}")
        console.print(_differences(differences))
    if any(each.amount != Footprint() for each in differences):
        raise typer.Exit(1)


def _differences(differences: list[Difference]) -> RichTable:
    table = tables.Table("What the charts ask for", ("Release", "", "CPU", "Memory", "Storage", "Pods"))
    for each in differences:
        table.add(f"{each.release}, autoscaled" if each.at_most else each.release, "asked", *_figures(each.asked))
        table.add("", "report", *_figures(each.reported))
        table.add("", "difference", *_figures(each.amount), is_sum=True)
    return table.rich()


def _figures(amount: Footprint) -> tuple[str, ...]:
    return (
        quantity("cpu", amount.cpu),
        quantity("memory", amount.memory),
        quantity("storage", amount.storage),
        str(amount.pods),
    )


def _write(console: Console, path: Path | None, content: str) -> None:
    if path is not None:
        path.write_text(content, encoding="utf-8")
        console.print(f"wrote {path}", highlight=False)


@contextmanager
def _told() -> Iterator[Console]:
    """Yield a console; turn what a user can mend into one message and exit code 1."""
    try:
        yield Console()
    except (ConfigError, CompareError, UncountableError, OSError) as error:
        Console(stderr=True).print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
