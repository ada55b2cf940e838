"""What the supervisor needs to know of a service, and what each part of the world shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from sandbox.world.files import private_dir
from sandbox.world.ports import LOOPBACK, Ports
from sandbox.world.process import Launch
from sandbox.world.tls import Tls

PROBE_SECONDS = 0.5
"""A probe is short: SeaweedFS's master holds a caller for seconds while it has no leader, instead of saying so."""


class ToolPaths(Protocol):
    """The one thing that the world asks of a toolchain."""

    def path(self, tool: str) -> Path:
        """Return the executable of a tool."""


@dataclass(frozen=True)
class Service:
    """A process of the world.

    ``after`` names the services that have to be ready first, ``ready`` tells whether this one serves, and
    ``seconds`` is how long it may take until then. ``prepare`` runs once it is ready, at each start: it
    must be idempotent.
    """

    name: str
    ports: tuple[str, ...]
    launch: Launch
    ready: Callable[[httpx.Client], bool]
    address: str
    after: tuple[str, ...] = ()
    seconds: float = 30.0
    prepare: Callable[[httpx.Client], None] | None = None


@dataclass(frozen=True)
class Place:
    """Where a world lives: its directories, ports, certificates and tools."""

    state: Path
    ports: Ports
    tls: Tls
    tools: ToolPaths

    def data(self, service: str) -> Path:
        """Return the directory of a service's data."""
        return private_dir(self.state / "data" / service)

    def config(self, name: str) -> Path:
        """Return the path of a file that the world configures its services with."""
        return private_dir(self.state / "config") / name

    def url(self, port: str, scheme: str = "http") -> str:
        """Return the loopback URL of a port."""
        return f"{scheme}://{self.address(port)}"

    def address(self, port: str) -> str:
        """Return ``host:port`` of a port."""
        return f"{LOOPBACK}:{self.ports[port]}"

    def launch(
        self,
        tool: str | Path,
        service: str,
        arguments: list[str],
        *,
        env: Mapping[str, str] | None = None,
        files: tuple[Path, ...] = (),
    ) -> Launch:
        """Return how a service is run: in its data directory, with a tool of the toolchain or any program."""
        program = tool if isinstance(tool, Path) else self.tools.path(tool)
        return Launch([str(program), *arguments], self.data(service), env or {}, files)


def answers(url: str, *statuses: int) -> Callable[[httpx.Client], bool]:
    """Return a probe that is satisfied by one of these statuses (200 by default)."""

    def probe(client: httpx.Client) -> bool:
        return client.get(url, timeout=PROBE_SECONDS).status_code in (statuses or (200,))

    return probe
