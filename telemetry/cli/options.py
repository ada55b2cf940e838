"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

from telemetry.operations.bundle.errors import BundleError

StackName = Annotated[str, typer.Argument(help="dev, test or prod")]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        help="Settings to read in place of Pulumi.<stack>.yaml.", envvar="TELEMETRY_CONFIG_FILE", dir_okay=False
    ),
]
Mirrors = Annotated[
    list[str] | None,
    typer.Option(help="Ask an address in place of a registry: docker.io=https://mirror.example. Repeatable."),
]


def mirrors(given: list[str] | None) -> dict[str, str]:
    """Return addresses by registry, as `--mirror` has them (BundleError)."""
    found = {}
    for each in given or ():
        registry, _, address = each.partition("=")
        if not registry or not address.startswith(("https://", "http://")):
            raise BundleError(f"--mirror {each}: is not REGISTRY=ADDRESS, such as docker.io=https://mirror.example")
        found[registry] = address
    return found
