"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

StackName = Annotated[str, typer.Argument(help="dev, test or prod")]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        help="Settings to read in place of Pulumi.<stack>.yaml.", envvar="TELEMETRY_CONFIG_FILE", dir_okay=False
    ),
]
