"""`python -m sandbox`: deploy a stack onto this machine. The Makefile's targets are these commands."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from sandbox import real_nodes, trials
from sandbox.engine import Engine
from sandbox.paths import REPO, relative, state_dir
from sandbox.plugins.install import installed
from sandbox.recovery import explained
from sandbox.session import alone, console, opened, told
from sandbox.stand_ins import rows
from sandbox.toolchain import Toolchain
from sandbox.world import NodePool, World
from sandbox.world.files import private_dir
from telemetry.config.tables import table
from telemetry.stack.file import load

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
Stack = Annotated[str, typer.Argument(help="dev, test or prod")]


@app.command()
def up(
    stack: Stack = "dev",
    nodes: Annotated[Literal["kwok", "real"], typer.Option(envvar="NODES", help="Whether pods run.")] = "kwok",
    images: Annotated[
        Path | None,
        typer.Option(envvar="IMAGES", help="A folder with OCI archives of images for real nodes."),
    ] = None,
) -> None:
    """Set everything up, preview and deploy a stack onto this machine, and print what was made and where."""
    with opened(stack, pods_run=nodes == "real", images=images) as sandbox:
        sandbox.engine.run("preview", stack)
        with explained(sandbox.engine, stack, sandbox.variables(stack)):
            sandbox.engine.run("up", stack, "--yes", "--skip-preview")
        # Imported here, as are other slow clients below: a command should not wait for what it does not use.
        from sandbox.summary import show

        show(console, stack, sandbox.engine, sandbox.connections, sandbox.engine.namespace(stack))


@app.command()
def preview(stack: Stack = "dev") -> None:
    """Show what `up` would change."""
    with opened(stack) as sandbox:
        sandbox.engine.run("preview", stack, "--diff")


@app.command()
def refresh(stack: Stack = "dev") -> None:
    """Bring the state in line with what really exists."""
    with opened(stack) as sandbox:
        sandbox.engine.run("refresh", stack, "--yes", "--skip-preview", "--diff")


@app.command()
def destroy(stack: Stack = "dev") -> None:
    """Remove all that a stack has made, except what is protected (the buckets of test and prod)."""
    with opened(stack) as sandbox:
        sandbox.engine.run("destroy", stack, "--yes", "--skip-preview", "--exclude-protected")


@app.command(context_settings={"ignore_unknown_options": True})
def validate(
    stack: Stack = "dev",
    options: Annotated[list[str] | None, typer.Argument(help="Of `python -m telemetry validate`.")] = None,
) -> None:
    """Validate a stack as on a cluster, with real metrics backends and what else is on PATH; the rest is skipped."""
    from sandbox.validation import addresses, unserved

    with opened(stack) as sandbox:
        if sandbox.connections.real_nodes:
            raise typer.Exit(real_nodes.validate(sandbox.engine, stack, sandbox.variables(stack), options or ()))
        if "endpoints" not in sandbox.engine.json("stack output --json", stack):
            console.print(f"[red]nothing is deployed yet; first: make up STACK={stack}")
            raise typer.Exit(1)
        file = sandbox.engine.config_file(stack)
        with addresses(stack, file, sandbox.engine.toolchain, sandbox.connections) as moved:
            asked = [word for name, url in moved.items() for word in ("--address", f"{name}={url}")]
            for line in unserved(load(stack, file), moved):
                Console(stderr=True).print(line, style="yellow", soft_wrap=True)
            here = ["--behind-gateway", "--no-api-server", "--allow-skipped"]
            command = [sys.executable, "-m", "telemetry", "validate", stack, *here, *asked, *(options or ())]
            status = sandbox.engine.execute(command, sandbox.variables(stack))
    raise typer.Exit(status)


@app.command()
def status() -> None:
    """Show the services of the world, and what in it is a stand-in; exit code 1 if a service does not run."""
    toolchain, nodes = Toolchain(console=console), NodePool.remembered(state_dir())
    services = World(state_dir(), toolchain, nodes).status()
    found = table("Service", "State", "Address", "Log")
    for service in services:
        state = "[green]running[/]" if service.running else "[red]stopped[/]"
        found.add_row(service.name, state, service.address, relative(service.log))
    console.print(found)
    stand_ins = table("Stand-in", "Instead of", "How far it goes", title="What is not real here")
    for row in rows(installed(Engine(state_dir(), toolchain).home), real_nodes=nodes.real):
        stand_ins.add_row(*(text.replace("`", "") for text in row))
    console.print(stand_ins)
    if nodes.real:
        console.print(real_nodes.images(state_dir()))
    if not services or not all(service.running for service in services):
        raise typer.Exit(1)


@app.command()
def down(wipe: Annotated[bool, typer.Option("--wipe", help="Remove all state and data as well.")] = False) -> None:
    """Stop the world; its data stays unless --wipe is given."""
    with told(), alone(private_dir(state_dir())):
        world = World(state_dir(), Toolchain(console=console))
        world.destroy() if wipe else world.stop()


@app.command()
def env(stack: Stack = "dev") -> None:
    """Print the environment in which a plain `pulumi` works on the sandbox, for `eval`."""
    console.stderr = True  # a shell is to run what stands on the standard output, and nothing else
    with opened(stack) as sandbox:
        for name, value in sandbox.engine.environment.items():
            if os.environ.get(name) != value:
                typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def shell(stack: Stack = "dev") -> None:
    """Open a shell in which a plain `pulumi` and `helm` work on the sandbox."""
    with opened(stack) as sandbox:
        environment = {**sandbox.engine.environment, **sandbox.variables(stack)}
        config_file = relative(sandbox.engine.config_file(stack))
    console.print(f"Try:  pulumi preview -s {stack} --config-file {config_file}   ·   helm list -A   ·   exit")
    program = os.environ.get("SHELL", "/bin/sh")
    raise typer.Exit(subprocess.run([program], cwd=REPO, env=environment, check=False).returncode)


@app.command(name="exec", context_settings={"ignore_unknown_options": True})
def execute(stack: Stack, command: Annotated[list[str], typer.Argument(help="What to run, after --")]) -> None:
    """Run a command as on a real cluster, with `pulumi` and `helm` on PATH, and end with its exit code.

    Nothing is mended first: what a killed run has left is there to be looked at.
    """
    with opened(stack, mend=False) as sandbox:
        status = sandbox.engine.execute(command, sandbox.variables(stack))
    raise typer.Exit(status)


@app.command()
def tool(name: Annotated[str, typer.Argument(help="such as helm or actionlint")]) -> None:
    """Print where a tool is; build it first if need be."""
    with told():
        toolchain = Toolchain(console=Console(stderr=True))
        toolchain.ensure([name])
        typer.echo(toolchain.path(name))


for command in (trials.bench, trials.faults, trials.continuity, trials.soak, trials.usage, trials.load):
    app.command()(command)
