"""`repair`: what a killed or failed run has left of a stack is shown and, on confirmation, mended."""

import os
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from telemetry.cli.confirmation import is_confirmed
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients.cli_tools import Pulumi, ToolError, helm_of
from telemetry.clients.kubernetes import ApiServer
from telemetry.config.project import PROJECT
from telemetry.config.tables import table
from telemetry.operations.readiness.text import lines
from telemetry.operations.readiness.why import Unready
from telemetry.operations.repair import Changed, Repair, RepairError, RepairPlan, Runs
from telemetry.operations.repair.live import LiveObjects
from telemetry.releases import releases_of
from telemetry.stack import ConfigError, Stack
from telemetry.stack import file as stack_file

if TYPE_CHECKING:
    from telemetry.operations.repair.pods import Pods

_ROUNDS = 3
"""How often it looks again: an orphan may have gone on with its work while the plan was read."""
_UNCONFIRMED = 2


def repair(
    stack: StackName,
    yes: Annotated[bool, typer.Option("--yes", help="Do what is found to be needed, without asking.")] = False,
    break_lock: Annotated[
        bool,
        typer.Option("--break-lock", help="Release a lock of another machine too: its run must be gone for certain."),
    ] = False,
    config_file: ConfigFile = None,
) -> None:
    """Find what a killed or failed run has left of a stack, and mend it once you have said yes.

    Ends with 0 if there is nothing to mend or all is mended, 1 if something is not, 2 if nobody has said yes.
    """
    with error_boundary(ConfigError, RepairError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        mending = Repair(
            Pulumi(stack, config_file),
            helm_of(settings.kubernetes, settings.namespace.name),
            LiveObjects(ApiServer(settings.kubernetes)).notes,
            Runs.of(os.environ, PROJECT),
            [each.name for each in releases_of(settings)],
            pods=_Pods(settings),
            elsewhere_too=break_lock,
        )
        _repair(mending, console, yes=yes)


class _Pods:
    """The stack's pods, whose client takes a second to load: only where there is a failed release."""

    def __init__(self, settings: Stack) -> None:
        self._settings = settings

    def unready(self) -> tuple[Unready, ...]:
        return self._pods().unready()

    def unstick(self, releases: Collection[str]) -> Iterator[str]:
        return self._pods().unstick(releases)

    def _pods(self) -> "Pods":
        from telemetry.operations.repair.pods import Pods

        return Pods(self._settings)


def _repair(mending: Repair, console: Console, *, yes: bool) -> None:
    plan = mending.find()
    for _ in range(_ROUNDS):
        _show(console, plan, mending.pulumi.stack)
        if not plan.mendable:
            break
        if not is_confirmed(console, "Do this?", yes=yes):
            raise typer.Exit(_UNCONFIRMED)
        try:
            for done in mending.carry_out(plan):
                console.print(done, soft_wrap=True)
        except Changed:
            console.print("A process had gone on with its work meanwhile; looking again.")
        plan = mending.find()
    if plan.mendable:
        _show(console, plan, mending.pulumi.stack)
    if plan.findings:
        raise typer.Exit(1)


def _show(console: Console, plan: RepairPlan, stack: str) -> None:
    if not plan.findings:
        console.print(f"{stack}: nothing to repair")
        return
    shown = table("Found", "What will be done", title=f"What a killed or failed run has left of {stack}")
    for each in plan.findings:
        shown.add_row(each.found, each.will)
    console.print(shown)
    for line in lines(plan.waiting):
        console.print(line, soft_wrap=True)
