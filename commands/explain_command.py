"""`explain`: which workloads of a stack are not ready, and what the cluster says of them."""

import typer

from commands import stack_file
from commands.arguments import ConfigFile, StackName
from commands.told import told
from settings import ConfigError


def explain(stack: StackName, config_file: ConfigFile = None) -> None:
    """Say which workloads of a stack are not ready, and why: quota, scheduling, image, volume, probe, memory, crash.

    An `up` that fails says only that a release was not ready in time. Changes nothing. Ends with 0 if all are ready,
    with 1 if one is not, or if it cannot be told.
    """
    # Imported here: its client takes a second to load, and the other commands do not need it.
    from readiness.ask import ReadinessError, ask
    from readiness.told import lines

    with told(ConfigError, ReadinessError, OSError) as console:
        found = ask(stack_file.load(stack, config_file))
        for line in lines(found.unready, hidden=found.hidden):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if not found.unready:
            console.print(f"{stack}: no workload is known that is not ready")
    if found.unready:
        raise typer.Exit(1)
