"""`explain`: lists the workloads of a stack that are not ready, with the cluster's reasons."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.cli import foreground
from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients.cli_tools import ToolError
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file

if TYPE_CHECKING:
    from telemetry.operations.readiness.ask import Readiness


def explain(
    stack: StackName,
    command: Annotated[
        list[str] | None, typer.Argument(help="What to run first, after --; explained only if it fails.")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Say which workloads of a stack are not ready, and why: quota, scheduling, image, volume, probe, memory, crash.

    An `up` that fails says only that a release was not ready in time: explain prod -- pulumi up -s prod. Changes
    nothing by itself. Ends with the command's exit code; without one with 0 if all are ready, and with 1 if one is not,
    if there are none, or if that cannot be seen.
    """
    status = _run(command) if command else None
    if status == 0:
        return
    try:
        all_ready = _explain(stack, config_file, asked=status is None)
    finally:
        if status is not None:
            raise typer.Exit(status)
    if not all_ready:
        raise typer.Exit(1)


def _run(command: Sequence[str]) -> int:
    with error_boundary(ToolError):
        return foreground.ended(foreground.started(command))


def _explain(stack: str, config_file: Path | None, *, asked: bool) -> bool:
    """Print what the cluster says, and return whether all workloads are there and ready.

    Args:
        stack: its name.
        config_file: its settings, if not where they usually are.
        asked: whether somebody wants to know even that there is nothing to say.
    """
    # Imported here: its client takes a second to load, and a command that succeeds does not need it.
    from telemetry.clients.kubernetes import ClusterError
    from telemetry.operations.readiness.ask import ask
    from telemetry.operations.readiness.text import lines

    with error_boundary(ConfigError, ClusterError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        found = ask(settings)
        for line in lines(found.unready, hidden=found.hidden, said=found.said):
            console.print(line, soft_wrap=True)
        if asked and not found.unready:
            console.print(f"{stack}: {_verdict(found)} in {settings.namespace.name}")
    return bool(found.workloads) and not (found.unready or found.unseen)


def _verdict(found: "Readiness") -> str:
    """Return what is known of workloads of which none is not ready."""
    if found.unseen:
        return f"whether all workloads are ready cannot be seen: you may not list {', '.join(found.unseen)}"
    return f"{found.workloads} of {found.workloads} workloads ready" if found.workloads else "it has no workloads"
