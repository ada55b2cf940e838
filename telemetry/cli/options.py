"""Arguments that several commands take."""

import re
from pathlib import Path
from typing import Annotated

import typer

from telemetry.operations.bundle.errors import BundleError


def _check_stack(name: str) -> str:
    if not _STACK.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is no stack's name; write it without organisation and project, such as dev")
    return name


_STACK = re.compile(r"[A-Za-z0-9_.-]+")
"""Names that Pulumi takes; what is in front of one in `organisation/project/name` is known here."""
StackName = Annotated[str, typer.Argument(help="dev, test or prod", callback=_check_stack)]
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
