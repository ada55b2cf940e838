"""`python -m sandbox`: deploy a stack onto this machine. The Makefile's targets are these commands."""

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import yaml
from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table

from sandbox import real_nodes
from sandbox.engine import Engine, EngineError
from sandbox.paths import REPO, relative, state_dir
from sandbox.plugins.install import install, installed
from sandbox.recovery import Recovery, explained
from sandbox.stacks import UnknownStackError, prepare
from sandbox.stand_ins import rows
from sandbox.toolchain import REAL_NODES_TOOLS, UP_TOOLS, Toolchain, ToolchainError
from sandbox.world import Connections, NodePool, World, WorldError
from sandbox.world.files import private_dir

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()
Stack = Annotated[str, typer.Argument(help="dev, test or prod")]

_EXPECTED = (EngineError, ToolchainError, UnknownStackError, WorldError)


@dataclass(frozen=True)
class Sandbox:
    """A running world and an engine that is set up for it."""

    engine: Engine
    world: World
    connections: Connections

    def settings(self, stack: str) -> dict[str, Any]:
        """Return the stack's overlaid settings as they stand in its file."""
        config: dict[str, Any] = yaml.safe_load(self.engine.config_file(stack).read_text())["config"]
        return config

    def namespace(self, stack: str) -> str:
        """Return the namespace of a stack's workloads."""
        return str(self.settings(stack)["telemetry:namespace"]["name"])

    def variables(self, stack: str) -> dict[str, str]:
        """Return what points `helm`, `kubectl` and `python -m telemetry` at the sandbox."""
        return {
            "KUBECONFIG": str(self.connections.kubeconfig),
            "TELEMETRY_CONFIG_FILE": str(self.engine.config_file(stack)),
        }


@contextmanager
def _told(*others: type[Exception]) -> Iterator[None]:
    """Turn an expected failure into one message and exit code 1."""
    expected: tuple[type[Exception], ...] = (*_EXPECTED, *others)
    try:
        yield
    except expected as error:
        console.print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


@contextmanager
def _sandbox(stack: str | None = None, *, mend: bool = True, pods_run: bool = False) -> Iterator[Sandbox]:
    """Yield the sandbox, set up, and with a stack also that stack: prepared, and mended if a run was killed.

    A world that has real nodes keeps them, whether they are asked for or not.
    """
    state = private_dir(state_dir())
    with _told(), _alone(state):
        toolchain = Toolchain(console=console)
        nodes = real_nodes.chosen(state, console, asked=pods_run)
        toolchain.ensure([*UP_TOOLS, *(REAL_NODES_TOOLS if nodes.real else ())])
        world = World(state, toolchain, nodes)
        connections = world.start(console)
        engine = Engine(state, toolchain)
        install(engine.home, engine.toolchain)
        if stack is not None:
            prepare(stack, engine, connections)
            if mend:
                Recovery(engine, stack).run()
        yield Sandbox(engine, world, connections)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the state directory; a second command waits for the first. A killed holder lets go by itself."""
    lock = FileLock(state / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print("waiting for another command on this sandbox …")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@app.command()
def up(
    stack: Stack = "dev",
    nodes: Annotated[Literal["kwok", "real"], typer.Option(envvar="NODES", help="Whether pods run.")] = "kwok",
) -> None:
    """Set everything up, preview and deploy a stack onto this machine, and print what was made and where."""
    with _sandbox(stack, pods_run=nodes == "real") as sandbox:
        sandbox.engine.run("preview", stack)
        with explained(sandbox.engine, stack, sandbox.variables(stack)):
            sandbox.engine.run("up", stack, "--yes", "--skip-preview")
        # Imported here, as are other slow clients below: a command should not wait for what it does not use.
        from sandbox.summary import show

        show(console, stack, sandbox.engine, sandbox.connections, sandbox.namespace(stack))


@app.command()
def preview(stack: Stack = "dev") -> None:
    """Show what `up` would change."""
    with _sandbox(stack) as sandbox:
        sandbox.engine.run("preview", stack, "--diff")


@app.command()
def refresh(stack: Stack = "dev") -> None:
    """Bring the state in line with what really exists."""
    with _sandbox(stack) as sandbox:
        sandbox.engine.run("refresh", stack, "--yes", "--skip-preview", "--diff")


@app.command()
def destroy(stack: Stack = "dev") -> None:
    """Remove all that a stack has made, except what is protected (the buckets of test and prod)."""
    with _sandbox(stack) as sandbox:
        sandbox.engine.run("destroy", stack, "--yes", "--skip-preview", "--exclude-protected")


@app.command()
def smoke(stack: Stack = "dev") -> None:
    """Start real Mimirs on what the stack has made; send a metric, read it back, find its block in the bucket.

    On real nodes there are Mimirs already: it is `validate` then.

    A Tempo, Loki, Pyroscope or Alloy on PATH is started as well, if the stack has one.
    """
    from sandbox.smoke import others_start, prove
    from telemetry.stack import file as stack_file

    with _sandbox(stack) as sandbox:
        if sandbox.connections.real_nodes:
            raise typer.Exit(real_nodes.validate(sandbox.engine, stack, sandbox.variables(stack)))
        sandbox.engine.toolchain.ensure(["mimir"])
        buckets = sandbox.engine.json("stack output --json", stack).get("buckets")
        if buckets is None:
            console.print(f"[red]nothing is deployed yet; first: make up STACK={stack}")
            raise typer.Exit(1)
        blocks = next(name for name in buckets if name.startswith("dts-metrics-") and name.endswith("-blocks"))
        proof = prove(sandbox.namespace(stack), blocks, sandbox.engine.toolchain, sandbox.connections)
        console.print(
            f"{proof.ingesters} Mimirs, {proof.lost} of them lost: sent {proof.sent} over OTLP, a query answered "
            f"{proof.read}, and its block is in {proof.bucket} as {proof.block} ({proof.seconds:.1f} s)"
        )
        settings = stack_file.load(stack, sandbox.engine.config_file(stack))
        for line in others_start(settings, sandbox.engine.toolchain, sandbox.connections):
            console.print(line, highlight=False, soft_wrap=True)
        if proof.read != proof.sent:
            raise typer.Exit(1)


@app.command(context_settings={"ignore_unknown_options": True})
def validate(
    stack: Stack = "dev",
    options: Annotated[list[str] | None, typer.Argument(help="Of `python -m telemetry validate`.")] = None,
) -> None:
    """Validate a stack as on a cluster, with real Mimirs and what else is on PATH; the rest is skipped."""
    from sandbox.validation import addresses

    with _sandbox(stack) as sandbox:
        if sandbox.connections.real_nodes:
            raise typer.Exit(real_nodes.validate(sandbox.engine, stack, sandbox.variables(stack), options or ()))
        sandbox.engine.toolchain.ensure(["mimir"])
        if "endpoints" not in sandbox.engine.json("stack output --json", stack):
            console.print(f"[red]nothing is deployed yet; first: make up STACK={stack}")
            raise typer.Exit(1)
        file = sandbox.engine.config_file(stack)
        with addresses(stack, file, sandbox.engine.toolchain, sandbox.connections) as moved:
            asked = [word for name, url in moved.items() for word in ("--address", f"{name}={url}")]
            here = ["--behind-gateway", "--no-api-server", "--allow-skipped"]
            command = [sys.executable, "-m", "telemetry", "validate", stack, *here, *asked, *(options or ())]
            status = sandbox.engine.execute(command, sandbox.variables(stack))
    raise typer.Exit(status)


@app.command()
def status() -> None:
    """Show the services of the world, and what in it is a stand-in; exit code 1 if a service does not run."""
    toolchain, nodes = Toolchain(console=console), NodePool.remembered(state_dir())
    services = World(state_dir(), toolchain, nodes).status()
    table = Table("Service", "State", "Address", "Log")
    for service in services:
        state = "[green]running[/]" if service.running else "[red]stopped[/]"
        table.add_row(service.name, state, service.address, relative(service.log))
    console.print(table)
    stand_ins = Table("Stand-in", "Instead of", "How far it goes", title="What is not real here")
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
    with _told(), _alone(private_dir(state_dir())):
        world = World(state_dir(), Toolchain(console=console))
        world.destroy() if wipe else world.stop()


@app.command()
def env(stack: Stack = "dev") -> None:
    """Print the environment in which a plain `pulumi` works on the sandbox, for `eval`."""
    console.stderr = True  # a shell is to run what stands on the standard output, and nothing else
    with _sandbox(stack) as sandbox:
        for name, value in sandbox.engine.environment.items():
            if os.environ.get(name) != value:
                typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def shell(stack: Stack = "dev") -> None:
    """Open a shell in which a plain `pulumi` and `helm` work on the sandbox."""
    with _sandbox(stack) as sandbox:
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
    with _sandbox(stack, mend=False) as sandbox:
        status = sandbox.engine.execute(command, sandbox.variables(stack))
    raise typer.Exit(status)


@app.command()
def tool(name: Annotated[str, typer.Argument(help="such as helm or actionlint")]) -> None:
    """Print where a tool is; build it first if need be."""
    with _told():
        toolchain = Toolchain(console=Console(stderr=True))
        toolchain.ensure([name])
        typer.echo(toolchain.path(name))


@app.command()
def bench(
    cold: Annotated[bool, typer.Option(help="Also time `make up` in a fresh clone, cold and warm.")] = True,
    tenants: Annotated[bool, typer.Option(help="Also measure stacks of up to 1,000 tenants.")] = True,
) -> None:
    """Measure the speed goals on the dev stack, print the ratios and write docs/performance.md."""
    from sandbox import bench as benchmark
    from sandbox import tenant_scale

    with _sandbox("dev") as sandbox:
        sandbox.engine.run("up", "dev", "--yes", "--skip-preview")
        lines = benchmark.measure(sandbox.engine, "dev", _program_config(sandbox))
    costs = tenant_scale.measure(console) if tenants else []
    benchmark.report(console, [*lines, *(benchmark.cold_and_warm(console) if cold else [])], costs)


@app.command()
def faults(
    only: Annotated[list[str] | None, typer.Option(help="Only faults whose names begin so; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Draw the same moments as a run that printed this.")] = None,
    minutes: Annotated[float, typer.Option(help="Bound on the whole run; what is not tried by then has failed.")] = 45,
) -> None:
    """Inject every fault in worlds of their own, and write docs/reliability.md.

    Exit code 1 if anything was lost, did not come back, or was not tried for lack of time.
    """
    from sandbox.faults import page
    from sandbox.faults.catalogue import UnknownFaultError, catalogue, chosen
    from sandbox.faults.fault import Outcome
    from sandbox.faults.matrix import Matrix

    drawn = secrets.randbelow(1_000_000) if seed is None else seed
    with _told(UnknownFaultError):
        selected = chosen(only or [])
        Toolchain(console=console).ensure()
        console.print(f"{sum(fault.tries for fault in selected)} tries, seed {drawn}", highlight=False)
        run, outcomes = page.Run.now(), {fault.name: Outcome(fault) for fault in selected}
        matrix = Matrix(
            drawn, minutes * 60, lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
        )
        try:
            for outcome in matrix.run(selected):
                outcomes[outcome.fault.name] = outcome
                page.write([page.row(outcome, run)], catalogue())
        finally:
            page.show(console, list(outcomes.values()))
    if not all(outcome.passed for outcome in outcomes.values()):
        raise typer.Exit(1)


def _program_config(sandbox: Sandbox) -> dict[str, str]:
    """Return the config of dev as the engine hands it to the program, with made-up secrets."""
    identity = {"access_key": "bench", "secret_key": "bench"}
    credentials = {**dict.fromkeys(("provisioner", "traces", "metrics"), identity), "grafana": {"auth": "bench"}}
    config = sandbox.settings("dev") | {"telemetry:credentials": credentials}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return {
        "PULUMI_CONFIG": json.dumps(texts),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(["telemetry:credentials"]),
    }
