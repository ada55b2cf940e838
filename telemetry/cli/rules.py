"""`python -m telemetry rules`: the alert and recording rules of a stack, as files or in Mimir's ruler."""

import os
import ssl
from pathlib import Path
from typing import Annotated

import httpx
import typer
import yaml
from rich.console import Console
from rich.table import Table

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients import trust
from telemetry.config.tables import table
from telemetry.monitoring import packs
from telemetry.monitoring.ruler import Step, ruler_of, steps, take
from telemetry.monitoring.rules import groups_of, object_name
from telemetry.spec.context import TENANT_HEADER
from telemetry.spec.ruler import RulerError
from telemetry.stack import ConfigError, Stack
from telemetry.stack import file as stack_file

TOKEN = "TELEMETRY_RULES_TOKEN"  # noqa: S105 - a variable's name
_SECONDS = 30
_SHOWN = {"add": "added", "change": "changed", "remove": "removed", "keep": "as it was"}
_PLANNED = {"add": "would be added", "change": "would change", "remove": "would be removed", "keep": "stays"}


def rules(
    stack: StackName,
    output: Annotated[
        Path | None, typer.Option(help="Write a file per group into this directory.", file_okay=False)
    ] = None,
    load: Annotated[
        str | None,
        typer.Option(
            help="Put the rules into the ruler behind this address, such as https://gateway.NAMESPACE.svc/prometheus."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --load: only show what would be done.")] = False,
    authority: Annotated[
        Path | None, typer.Option(help="With --load: PEM of the authority to trust.", dir_okay=False, exists=True)
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Show a stack's rules, write them to files, or load them into Mimir's ruler.

    With --load the ruler's namespace `telemetry` has exactly these rules afterwards: what is no longer among them is
    removed. The tenant is that of telemetry:monitoring.tenant; its token is read from TELEMETRY_RULES_TOKEN, for the
    gateway. Ends with 0 if all was done, with 1 if it could not be, with 2 if it was called wrongly.
    """
    if dry_run and load is None:
        raise typer.BadParameter("--dry-run says what --load would do; add --load")
    with error_boundary(ConfigError, RulerError, OSError) as console:
        chosen = stack_file.load(stack, config_file)
        if refused := list(packs.refusals(chosen)):
            raise ConfigError(refused)
        if output is not None:
            _write(chosen, output, console)
        if load is not None:
            _load(chosen, load, authority, console, dry_run=dry_run)
        if output is None and load is None:
            typer.echo(yaml.safe_dump({"groups": groups_of(chosen)}, sort_keys=False, width=110), nl=False)


def _write(stack: Stack, directory: Path, console: Console) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for group in groups_of(stack):
        path = directory / f"{object_name(group)}.yaml"
        path.write_text(yaml.safe_dump({"groups": [group]}, sort_keys=False, width=110))
        console.print(f"wrote {path}: {len(group['rules'])} rules", soft_wrap=True)


def _load(stack: Stack, address: str, authority: Path | None, console: Console, *, dry_run: bool) -> None:
    if stack.monitoring.rules != "ruler":
        raise ConfigError(
            [f"telemetry:monitoring.rules: is {stack.monitoring.rules}, and the ruler is to have none; set it to ruler"]
        )
    verify = trust.context(stack.trust) if authority is None else ssl.create_default_context(cafile=str(authority))
    with httpx.Client(base_url=address, headers=_headers(stack), verify=verify, timeout=_SECONDS) as client:
        ruler = ruler_of(stack, client)
        planned = steps(groups_of(stack), ruler.groups())
        for step in () if dry_run else planned:
            take(ruler, step)
    console.print(_table(planned, _PLANNED if dry_run else _SHOWN))


def _headers(stack: Stack) -> dict[str, str]:
    """Return who asks: by token the gateway knows; the name counts where Mimir is asked itself."""
    tenant, token = stack.monitoring.tenant, os.environ.get(TOKEN)
    return {
        **({TENANT_HEADER: tenant} if tenant else {}),
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }


def _table(done: list[Step], words: dict[str, str]) -> Table:
    shown = table("group", "rules", "what")
    for step in done:
        shown.add_row(step.name, str(len(step.group["rules"])) if step.group else "", words[step.kind])
    return shown
