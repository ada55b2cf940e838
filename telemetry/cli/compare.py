"""`python -m telemetry compare`: compares the capacity report with what the rendered charts ask for."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from telemetry.capacity import tables
from telemetry.capacity.footprint import Footprint
from telemetry.capacity.pod_requests import UncountableError
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.config.amounts import quantity
from telemetry.operations.compare.charts import ChartDifference, CompareError, of_gateway, other_version
from telemetry.operations.compare.charts import compare as hold_against
from telemetry.releases import releases_of
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file


def compare(
    stack: StackName,
    tempo_chart: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of Tempo's chart; during a move, give both. The one of the right name is taken."),
    ] = None,
    mimir_chart: Annotated[Path | None, typer.Option(help="Folder of the chart mimir-distributed.")] = None,
    loki_chart: Annotated[Path | None, typer.Option(help="Folder of the chart loki, for a stack with logs.")] = None,
    pyroscope_chart: Annotated[
        Path | None, typer.Option(help="Folder of the chart pyroscope, for a stack with profiles.")
    ] = None,
    alloy_chart: Annotated[
        Path | None, typer.Option(help="Folder of the chart alloy, where the stack deploys a collector.")
    ] = None,
    chart: Annotated[
        list[Path] | None, typer.Option(help="Folder of any other chart that the stack deploys; once for each.")
    ] = None,
    helm: Annotated[str, typer.Option(help="The helm program.")] = "helm",
    config_file: ConfigFile = None,
) -> None:
    """Render a stack's charts, add up what they ask for, and hold that against the report.

    The charts are those of the settings, from wherever these take them, unless folders are named; then all of them.
    Ends with 0 only if there is no difference: CPU, memory, volumes and pods of every release.
    """
    with error_boundary(ConfigError, CompareError, UncountableError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        named = (*(tempo_chart or ()), mimir_chart, loki_chart, pyroscope_chart, alloy_chart, *(chart or ()))
        charts = [each for each in named if each is not None]
        collector = settings.collector_role
        differences: list[ChartDifference] = []
        for release in releases_of(settings):
            differences += hold_against(
                release,
                charts,
                namespace=settings.namespace.name,
                nodes=collector.replicas if collector else None,
                helm=helm,
            )
            other = other_version(release, charts)
            if other is not None:
                console.print(
                    f"note: chart {release.chart.name} is {other}; the program deploys {release.chart.version}"
                )
        differences += of_gateway(settings)
        console.print(_differences(differences))
    if any(each.amount != Footprint() for each in differences):
        raise typer.Exit(1)


def _differences(differences: list[ChartDifference]) -> RichTable:
    table = tables.Table(
        "What the charts ask for", ("Release", "", "CPU", "Memory", "Storage", "Pods", "Disk of nodes")
    )
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
        quantity("storage", amount.ephemeral),
    )
