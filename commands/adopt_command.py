"""`adopt`: what exists and is not in a stack's state is shown and, on confirmation, taken into it."""

import sys
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from adopt import AdoptError, Adoption, Plan
from adopt.systems import SystemOf, by_type
from commands import stack_file
from commands.arguments import ConfigFile, StackName
from commands.told import told
from commands.tools import Pulumi, ToolError, helm_of
from helm.releases import RELEASE_TYPE
from settings import ConfigError, Credentials, Stack

_CREDENTIALS = "telemetry:credentials"
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
    with told(ConfigError, AdoptError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        pulumi = Pulumi(stack, config_file)
        adoption = Adoption(pulumi, settings.kubernetes, partial(_systems, settings, pulumi))
        plan = adoption.find()
        _show(console, plan, stack)
        if plan.here:
            if not (yes or _agreed(console)):
                raise typer.Exit(_UNCONFIRMED)
            for done in adoption.carry_out(plan):
                console.print(done, markup=False, highlight=False, soft_wrap=True)
        if plan.foreign:
            raise typer.Exit(1)
        if plan.here:
            _tell_ahead(console, adoption.ahead())


def _systems(settings: Stack, pulumi: Pulumi) -> SystemOf:
    # Imported here: their clients take a second to load, and --help has no use for them.
    from adopt.buckets import Buckets
    from adopt.dashboards import Dashboards
    from adopt.datasources import Datasources
    from adopt.objects import Objects, Releases
    from repair.cluster import Cluster

    credentials = _credentials(pulumi)
    return by_type(
        {
            "kubernetes:": Objects(Cluster(settings.kubernetes)),
            RELEASE_TYPE: Releases.of(helm_of(settings), settings.buckets),
            "aws:s3/": Buckets.of(settings.object_store, credentials.provisioner, settings.trust),
            "grafana:oss/dataSource:": Datasources.of(settings.grafana.url, credentials.grafana, settings.trust),
            "grafana:oss/": Dashboards.of(settings.grafana.url, credentials.grafana, settings.trust),
        }
    )


def _credentials(pulumi: Pulumi) -> Credentials:
    """Return the stack's secrets, by a pipe; the program is given the same."""
    try:
        return Credentials.model_validate_json(pulumi.run(f"config get {_CREDENTIALS}").stdout)
    except ValueError:  # would quote them
        raise AdoptError(f"{_CREDENTIALS} cannot be used; pulumi preview says what is wrong") from None


def _show(console: Console, plan: Plan, stack: str) -> None:
    if not plan.rows:
        console.print(f"{stack}: nothing to adopt, the state knows all that exists")
        return
    table = Table("Kind", "Exists", "What will be done", title=f"What exists and the state of {stack} does not know")
    for row in plan.rows:
        table.add_row(row.kind, row.id, row.will, style="yellow" if row.refused else None)
    console.print(table)


def _tell_ahead(console: Console, ahead: dict[str, list[str]]) -> None:
    if not ahead:
        console.print("The next up changes nothing; it only writes the stack's outputs.")
    for operation, names in ahead.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        text = f"The next up will {operation} {len(names)}: {', '.join(names[:_NAMED])}{more}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _agreed(console: Console) -> bool:
    if not _at_terminal():
        console.print("Nothing was done: say --yes if it shall be.")
        return False
    return typer.confirm("Take it into the state?")


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
