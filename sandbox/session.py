"""The sandbox as its commands use it: a world that runs, an engine that is set up for it, and one user at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from filelock import FileLock, Timeout
from rich.console import Console

from sandbox import real_nodes
from sandbox.engine import Engine, EngineError
from sandbox.paths import stack_file, state_dir
from sandbox.plugins.install import install
from sandbox.recovery import Recovery
from sandbox.stacks import UnknownStackError, prepare, programs_of
from sandbox.toolchain import REAL_NODES_TOOLS, UP_TOOLS, Toolchain, ToolchainError
from sandbox.world import Connections, World, WorldError
from sandbox.world.files import private_dir
from telemetry.stack import ConfigError
from telemetry.stack.file import load

console = Console()
_EXPECTED = (EngineError, ToolchainError, UnknownStackError, WorldError)


@dataclass(frozen=True)
class Sandbox:
    """A running world and an engine that is set up for it."""

    engine: Engine
    world: World
    connections: Connections

    def variables(self, stack: str) -> dict[str, str]:
        """Return what points `helm`, `kubectl` and `python -m telemetry` at the sandbox."""
        return {
            "KUBECONFIG": str(self.connections.kubeconfig),
            "TELEMETRY_CONFIG_FILE": str(self.engine.config_file(stack)),
        }


@contextmanager
def told(*others: type[Exception]) -> Iterator[None]:
    """Turn an expected failure into one message and exit code 1."""
    expected: tuple[type[Exception], ...] = (*_EXPECTED, *others)
    try:
        yield
    except expected as error:
        console.print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


@contextmanager
def opened(
    stack: str | None = None, *, mend: bool = True, pods_run: bool = False, images: Path | None = None
) -> Iterator[Sandbox]:
    """Yield the sandbox, set up, and with a stack also that stack: prepared, and mended if a run was killed.

    A world that has real nodes keeps them, whether they are asked for or not, and the archives of their images.
    """
    state = private_dir(state_dir())
    with told(), alone(state):
        toolchain = Toolchain(console=console)
        nodes = real_nodes.chosen(state, console, asked=pods_run, folder=images)
        toolchain.ensure([*UP_TOOLS, *(_of_real_nodes(stack) if nodes.real else ())])
        world = World(state, toolchain, nodes)
        connections = world.start(console)
        engine = Engine(state, toolchain)
        install(engine.home, engine.toolchain)
        if stack is not None:
            prepare(stack, engine, connections)
            if mend:
                Recovery(engine, stack).run()
        yield Sandbox(engine, world, connections)


def _of_real_nodes(stack: str | None) -> list[str]:
    """Return the tools that nodes are made of, and a stack's images; the preview says what is wrong with a stack."""
    try:
        settings = None if stack is None else load(stack, stack_file(stack))
    except ConfigError:
        settings = None
    return [*REAL_NODES_TOOLS, *(programs_of(settings) if settings else ())]


@contextmanager
def alone(state: Path) -> Iterator[None]:
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
