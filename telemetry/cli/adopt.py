"""`adopt`: adds what exists and is missing from a stack's state, once it is confirmed."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telemetry.cli.confirmation import is_confirmed
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients.cli_tools import Pulumi, ToolError, helm_of
from telemetry.clients.kubernetes import ClusterError
from telemetry.config.tables import table
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.operations.adopt import AdoptError, Adoption, AdoptionPlan
from telemetry.operations.adopt.systems import SystemOf, by_type
from telemetry.stack import ConfigError, Stack
from telemetry.stack import decrypted as credentials_of_stack
from telemetry.stack import file as stack_file

_UNCONFIRMED = 2
_NAMED = 10
"""How many resources a line names."""


def adopt(
    stack: StackName,
    yes: Annotated[bool, typer.Option("--yes", help="Take in what is found, without asking.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Find what exists and a lost, stale or half-written state does not know, and take it in once you have said yes.

    It looks for what the program would make, in the cluster, in SeaweedFS and in Grafana, and leaves alone what
    somebody else has made. Nothing but the state is changed. Ends with 0 if all that exists is known, 1 if something
    was refused or failed, 2 if nobody has said yes. What was lost and what to do then: docs/recovery.md.
    """
    with error_boundary(AdoptError, ClusterError, ConfigError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        pulumi = Pulumi(stack, config_file)
        adoption = Adoption(pulumi, settings.kubernetes, partial(_systems, settings, config_file))
        plan = adoption.find()
        _show(console, plan, stack)
        if plan.here:
            if not is_confirmed(console, "Take it into the state?", yes=yes):
                raise typer.Exit(_UNCONFIRMED)
            for done in adoption.carry_out(plan):
                console.print(done, soft_wrap=True)
        if plan.foreign:
            raise typer.Exit(1)
        if plan.here:
            _tell_ahead(console, adoption.ahead())


def _systems(settings: Stack, config_file: Path | None) -> SystemOf:
    # Imported here: their clients take a second to load, and --help has no use for them.
    from telemetry.clients.kubernetes import ApiServer
    from telemetry.operations.adopt.buckets import Buckets
    from telemetry.operations.adopt.dashboards import Dashboards
    from telemetry.operations.adopt.datasources import Datasources
    from telemetry.operations.adopt.objects import Objects, Releases

    credentials = credentials_of_stack.load(settings, config_file)
    return by_type(
        {
            "kubernetes:": Objects(ApiServer(settings.kubernetes)),
            RELEASE_TYPE: Releases.of(helm_of(settings.kubernetes, settings.namespace.name), settings.buckets),
            "aws:s3/": Buckets.of(settings.object_store, credentials.provisioner, settings.trust),
            "grafana:oss/dataSource:": Datasources.of(settings.grafana.url, credentials.grafana, settings.trust),
            "grafana:oss/": Dashboards.of(settings.grafana.url, credentials.grafana, settings.trust),
        }
    )


def _show(console: Console, plan: AdoptionPlan, stack: str) -> None:
    if not plan.rows:
        console.print(f"{stack}: nothing to adopt, the state knows all that exists")
        return
    shown = table("Kind", "Exists", "What will be done", title=f"What exists and the state of {stack} does not know")
    for row in plan.rows:
        shown.add_row(row.kind, row.id, row.will, style="yellow" if row.refused else None)
    console.print(shown)


def _tell_ahead(console: Console, ahead: dict[str, list[str]]) -> None:
    if not ahead:
        console.print("The next up changes nothing; it only writes the stack's outputs.")
    for operation, names in ahead.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        text = f"The next up will {operation} {len(names)}: {', '.join(names[:_NAMED])}{more}"
        console.print(text, soft_wrap=True)
