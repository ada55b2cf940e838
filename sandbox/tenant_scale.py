"""Measures what tenants cost: stacks of dev's settings with 1, 10, 100 and 1,000 of them, in a world of their own."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from sandbox.engine import Engine, EngineError
from sandbox.paths import REPO
from sandbox.plugins.install import install
from sandbox.stacks import prepare
from sandbox.toolchain import Toolchain
from sandbox.world import World
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

    def pulumi(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a command on the stack and return what it printed. Raises EngineError."""
        config_file = str(self.engine.config_file(self._stack))
        done = subprocess.run(
            [self._program, command, "-s", self._stack, "--non-interactive", "--config-file", config_file, *options],
            cwd=REPO,
            env={**self.engine.run_environment, **(variables or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EngineError(f"pulumi {command} of {self._stack} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def up(self, variables: Mapping[str, str] | None = None) -> None:
        """Deploy what is declared."""
        self.pulumi("up", "--yes", "--skip-preview", variables=variables)

    def destroy(self) -> None:
        """Remove everything."""
        self.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected", variables=ONE_CHECKPOINT)

    def touched(self) -> dict[str, str]:
        """Return what an `up` would change by name, and how."""
        steps = json.loads(self.pulumi("preview", "--json"))["steps"]
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
    with _site() as site:
        for tenants in COUNTS:
            console.print(f"{tenants} tenants …")
            costs.append(_cost(site, tenants))
    return costs


def _cost(site: Site, tenants: int) -> Cost:
    all_checkpoints = None
    site.declare(tenants)
    preview = _timed(lambda: site.pulumi("preview"))
    if tenants <= _WITH_ALL_CHECKPOINTS:
        all_checkpoints = _timed(site.up)
        site.destroy()
    up = _timed(lambda: site.up(ONE_CHECKPOINT))
    no_change, state = _timed(lambda: site.pulumi("preview")), site.state()
    site.declare(tenants + 1)
    preview_of_one_more, touched = _timed(lambda: site.pulumi("preview")), site.touched()
    up_of_one_more = _timed(site.up)
    site.destroy()
    return Cost(
        tenants=tenants,
        preview=preview,
        up=up,
        up_with_all_checkpoints=all_checkpoints,
        no_change=no_change,
        preview_of_one_more=preview_of_one_more,
        up_of_one_more=up_of_one_more,
        state=state,
        touched=tuple(sorted(touched)),
    )


@contextmanager
def _site() -> Iterator[Site]:
    """Yield a stack in a world that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="telemetry-tenants-") as directory:
        toolchain = Toolchain()
        world = World(Path(directory) / "world", toolchain)
        try:
            connections = world.start()
            engine = Engine(Path(directory) / "engine", toolchain)
            install(engine.home, engine.toolchain)
            prepare(STACK, engine, connections)
            yield Site(engine)
        finally:
            world.destroy()


def _timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun
