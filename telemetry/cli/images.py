"""`python -m telemetry images`: the images of a stack's pods, and the digests that pin them."""

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.table import Table

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, Mirrors, StackName, mirrors
from telemetry.config.tables import table
from telemetry.operations.bundle import pins
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.images import images_in
from telemetry.operations.bundle.registries import Registries
from telemetry.operations.compare.charts import CompareError, chart_of, objects_of_gateway, render
from telemetry.releases import releases_of
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file

UNRESOLVED = 2


def images(
    stack: StackName,
    pin: Annotated[
        bool, typer.Option("--pin", help="Ask the registries for digests, and print the settings that pin them.")
    ] = False,
    mirror: Mirrors = None,
    chart: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a chart; given any, all are taken from folders. Repeatable."),
    ] = None,
    helm: Annotated[str, typer.Option(help="The helm program.")] = "helm",
    config_file: ConfigFile = None,
) -> None:
    """Show the images of STACK's pods as its rendered charts name them, and what `telemetry:images` knows them by.

    Ends with 0 if all is shown, and with 2 if --pin could not learn a digest: registries are asked without a login.
    """
    with error_boundary(ConfigError, CompareError, BundleError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        objects = objects_of_gateway(settings)
        for release in releases_of(settings):
            folder = chart_of(release, chart) if chart else None
            objects += render(release, folder, namespace=settings.namespace.name, helm=helm)
        found = pins.used(settings, images_in(objects))
        if not pin:
            console.print(_table(found))
            return
        registries = Registries(mirrors(mirror))
        found = [pins.asked(each, registries) for each in found if each.name is not None]
        overrides = {"telemetry:images": {"overrides": pins.overrides(settings, found)}}
        typer.echo(yaml.safe_dump(overrides, sort_keys=False), nl=False)
        unknown = [each for each in found if each.unknown]
    for each in unknown:
        typer.echo(f"{each.image}: no digest: {each.unknown}", err=True)
    if unknown:
        raise typer.Exit(UNRESOLVED)


def _table(found: list[pins.Used]) -> Table:
    shown = table("Image", "In telemetry:images.overrides", "Digest", title="Images")
    for each in found:
        shown.add_row(each.image, each.name or "named by a setting, or by its chart alone", each.digest or "not pinned")
    return shown
