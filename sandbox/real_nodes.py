"""Real nodes as the commands see them: whether they can be had, validation among them, and what their images are."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sandbox.engine import Engine
from sandbox.nodes.archives import archives
from sandbox.nodes.images import STAND_IN
from sandbox.nodes.rights import missing
from sandbox.world import NodePool, WorldError
from sandbox.world.kubelets import entering, served
from telemetry.config.tables import table


def chosen(state: Path, console: Console, *, asked: bool, folder: Path | None = None) -> NodePool:
    """Return which nodes a world is to have: those that it has, else real ones where asked for and to be had.

    Args:
        state: the world's.
        console: where it is said that there are none.
        asked: whether pods are to run.
        folder: archives of images; without, those that the world has.

    Raises:
        WorldError: archives that cannot be used, or nobody asked for nodes to use them.
    """
    nodes = NodePool.remembered(state)
    images = nodes.images if folder is None else _checked(folder)
    if nodes.real:
        return replace(nodes, images=images)
    if images and not asked:
        raise WorldError("IMAGES is for pods that run: make up NODES=real IMAGES=folder")
    if not asked:
        return nodes
    if reason := missing():
        console.print(f"[yellow]no real nodes here, kwok's instead:[/] {reason}", highlight=False, soft_wrap=True)
        return nodes
    return NodePool(real=True, images=images)


def _checked(folder: Path) -> str:
    try:
        archives(folder)
    except ValueError as error:
        raise WorldError(f"IMAGES: {error}") from error
    return str(folder.resolve())


def validate(engine: Engine, stack: str, variables: Mapping[str, str], options: Sequence[str] = ()) -> int:
    """Validate a stack by the cluster's own names, but for signals whose pods only answer probes; return its code."""
    left_out = [word for signal in replaced(engine.state) for word in ("--skip", signal)]
    command = [sys.executable, "-m", "telemetry", "validate", stack, "--allow-skipped", *left_out, *options]
    return engine.execute(entering(engine.state, command), variables)


def images(state: Path) -> Table:
    """Return what stands behind each image, for people; stand-ins are marked."""
    made = table("Image", "What is in it", title=f"{NodePool.remembered(state).count} real nodes; images made here")
    for name, what in sorted(served(state).items()):
        made.add_row(name, f"[yellow]{what}[/]" if what == STAND_IN else what)
    return made


def replaced(state: Path) -> list[str]:
    """Return the signals whose backend is not here, and the collector: what a stand-in does proves nothing."""
    from telemetry.backends import BACKENDS

    found = {name.rpartition("/")[2].partition(":")[0]: what for name, what in served(state).items()}
    signals = [each.signal for each in BACKENDS if found.get(each.name) == STAND_IN]
    return [*signals, *(["collector"] if found.get("alloy") == STAND_IN else [])]
