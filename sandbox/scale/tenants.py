"""Measures what tenants cost: stacks of dev's settings with 1, 10, 100 and 1,000 of them, in a world of their own."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from sandbox.engine import Engine
from sandbox.plugins.install import install
from sandbox.scale.took import Took, run
from sandbox.stacks import prepare
from sandbox.toolchain import Toolchain
from sandbox.world import Connections, World
from sandbox.world.files import write_private
from telemetry.engine.urn import name_of

STACK = "dev"
COUNTS = (1, 10, 100, 1_000)
ONE_CHECKPOINT = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""The engine writes the state once, at the end, not twice for each object; of a killed run it then knows nothing."""
_WITH_ALL_CHECKPOINTS = 100
"""Up to so many tenants the usual way is measured as well; it is quadratic."""
_TENANTS, _GATEWAY = "telemetry:tenants", "telemetry:gateway"
_ROOM = {
    "base": {"cpu": "100m", "memory": "128Mi"},
    "total": {"cpu": "1200m", "memory": "1200Mi"},
    "accept_shared_organisation": True,
}
"""A total, so that a tenant more does not restart the gateway."""


@dataclass(frozen=True)
class Cost:
    """What a stack of so many tenants takes. Times are in seconds."""

    tenants: int
    preview: float
    """Of a stack that is not there yet."""
    up: float
    """Of the same, with one checkpoint."""
    up_with_all_checkpoints: float | None
    no_change: float
    """Of a preview that finds none."""
    preview_of_one_more: float
    up_of_one_more: float
    """With all checkpoints: there are few."""
    state: int
    """Bytes of the checkpoint."""
    engine: int
    """Bytes that the engine had resident at most, in any of these runs."""
    program: int
    """The same of our program."""
    touched: tuple[str, ...]
    """What one tenant more creates and updates."""


class Site:
    """A stack of the sandbox that can be given any number of tenants."""

    def __init__(self, engine: Engine, stack: str = STACK) -> None:
        self.engine = engine
        self._stack = stack
        self._program = str(engine.toolchain.path("pulumi"))
        self._settings = yaml.safe_load(engine.config_file(stack).read_text())

    def declare(self, tenants: int) -> None:
        """Give the stack so many tenants and a gateway; 0 is what it had before."""
        config = with_tenants(self._settings["config"], tenants) if tenants else self._settings["config"]
        write_private(self.engine.config_file(self._stack), yaml.safe_dump({**self._settings, "config": config}))

    def pulumi(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> Took:
        """Run a command on the stack. Raises EngineError."""
        config_file = str(self.engine.config_file(self._stack))
        return run(
            [self._program, command, "-s", self._stack, "--non-interactive", "--config-file", config_file, *options],
            {**self.engine.run_environment, **(variables or {})},
        )

    def up(self, variables: Mapping[str, str] | None = None) -> Took:
        """Deploy what is declared."""
        return self.pulumi("up", "--yes", "--skip-preview", variables=variables)

    def destroy(self) -> None:
        """Remove everything."""
        self.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected", variables=ONE_CHECKPOINT)

    def touched(self) -> dict[str, str]:
        """Return what an `up` would change by name, and how."""
        steps = json.loads(self.pulumi("preview", "--json").output)["steps"]
        return {name_of(step["urn"]): step["op"] for step in steps if step["op"] != "same"}

    def state(self) -> int:
        """Return the bytes of the checkpoint."""
        return self.engine.checkpoint(self._stack).stat().st_size


def with_tenants(config: Mapping[str, Any], tenants: int) -> dict[str, Any]:
    """Return a stack's config with a gateway and so many tenants, who all fit."""
    each = [
        {"id": f"t{number:04}", "display_name": f"T {number}", "budget": {"cpu": "1m", "memory": "1Mi"}}
        for number in range(tenants)
    ]
    return {**config, _TENANTS: each, _GATEWAY: _ROOM}


def measure(console: Console) -> list[Cost]:
    """Return what each number of tenants costs."""
    costs = []
    with world() as place:
        site = place.site("engine")
        for tenants in COUNTS:
            console.print(f"{tenants} tenants …")
            costs.append(_cost(site, tenants))
    return costs


def _cost(site: Site, tenants: int) -> Cost:
    all_checkpoints = None
    site.declare(tenants)
    preview = site.pulumi("preview")
    if tenants <= _WITH_ALL_CHECKPOINTS:
        all_checkpoints = site.up().seconds
        site.destroy()
    up = site.up(ONE_CHECKPOINT)
    no_change, state = site.pulumi("preview"), site.state()
    site.declare(tenants + 1)
    preview_of_one_more, touched = site.pulumi("preview"), site.touched()
    up_of_one_more = site.up()
    site.destroy()
    runs = (preview, up, no_change, preview_of_one_more, up_of_one_more)
    return Cost(
        tenants=tenants,
        preview=preview.seconds,
        up=up.seconds,
        up_with_all_checkpoints=all_checkpoints,
        no_change=no_change.seconds,
        preview_of_one_more=preview_of_one_more.seconds,
        up_of_one_more=up_of_one_more.seconds,
        state=state,
        engine=max(each.engine for each in runs),
        program=max(each.program for each in runs),
        touched=tuple(sorted(touched)),
    )


@dataclass(frozen=True)
class Place:
    """A world in which stacks are measured."""

    directory: Path
    toolchain: Toolchain
    connections: Connections

    def site(self, name: str) -> Site:
        """Return a stack of dev's settings, with an engine and a state of its own."""
        engine = Engine(self.directory / name, self.toolchain)
        install(engine.home, engine.toolchain)
        prepare(STACK, engine, self.connections)
        return Site(engine)


@contextmanager
def world() -> Iterator[Place]:
    """Yield a world that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="telemetry-scale-") as directory:
        toolchain = Toolchain()
        own = World(Path(directory) / "world", toolchain)
        try:
            yield Place(Path(directory), toolchain, own.start())
        finally:
            own.destroy()
