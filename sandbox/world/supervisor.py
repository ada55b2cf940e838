"""The world: all services, started, looked at and stopped as one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from filelock import FileLock
from rich.console import Console

from sandbox.nodes.cgroups import Cgroups
from sandbox.world import kubelets
from sandbox.world.bring_up import BringUp
from sandbox.world.connections import Connections
from sandbox.world.files import private_dir
from sandbox.world.nodes import NodePool
from sandbox.world.parts import Parts, ports, waves
from sandbox.world.ports import LOOPBACK, Ports
from sandbox.world.process import ProcessTable, Running, end
from sandbox.world.progress import narrated
from sandbox.world.service import Place, ToolPaths
from sandbox.world.tls import Tls, ensure_tls
from sandbox.world.volumes import remove_volumes


@dataclass(frozen=True)
class ServiceStatus:
    """What is known of one service. ``address`` is host:port, empty before the first start."""

    name: str
    running: bool
    pid: int | None
    address: str
    log: Path


class World:
    """All services of one state directory. Two processes may use the same one: the second waits."""

    def __init__(self, state_dir: Path, toolchain: ToolPaths, nodes: NodePool | None = None) -> None:
        self._state = state_dir.absolute()
        self._tools = toolchain
        self._nodes = nodes or NodePool.remembered(self._state)
        self._table = ProcessTable(self._state)

    def start(self, console: Console | None = None) -> Connections:
        """Start what does not run, and return how to reach it. Idempotent.

        Healthy survivors of an earlier start are used again; others are ended and replaced.
        Raises ServiceError for a service that does not become ready, naming its log.
        """
        with self._locked():
            self._nodes.remember(self._state)
            running = self._find_running()
            place = self._place(running)
            parts = Parts(place, self._nodes)
            services = parts.services()
            with narrated(console, len(services)) as progress, _client(place.tls) as client:
                BringUp(services, running, self._table, self._state / "logs", client, progress).run()
            connections = parts.connections()
            connections.save(self._state)
            return connections

    def stop(self) -> None:
        """End all services, those first that use others. Data stays. Nothing runs: nothing happens."""
        if self._state.exists():
            with self._locked():
                self._stop()

    def destroy(self) -> None:
        """Stop, and remove the state directory with all data."""
        if self._state.exists():
            with self._locked():
                with _client(ensure_tls(self._state / "tls")) as client:
                    remove_volumes(self._state / "kubeconfig", client)
                self._stop()
                shutil.rmtree(self._state)

    def status(self) -> list[ServiceStatus]:
        """Return one entry per service, running or not."""
        addresses = Ports(self._state / "ports.json").known()
        found = ((name, self._table.find(name)) for name in self._names)
        return [
            ServiceStatus(
                name,
                running is not None,
                running.process.pid if running else None,
                f"{LOOPBACK}:{addresses[name]}" if name in addresses else "",
                self._state / "logs" / f"{name}.log",
            )
            for name, running in found
        ]

    def _find_running(self) -> dict[str, Running]:
        """Return the services that run, by name; ends processes that nobody knows of any more."""
        running = {name: found for name in self._names if (found := self._table.find(name))}
        if self._nodes.real and kubelets.NETWORK not in running:  # what was among the nodes is so no more
            self._end_nodes()
            running = {name: found for name in running if (found := self._table.find(name))}
        elif len(running) < len(self._names) and not self._nodes.real:
            end(self._table.strays(running.values()))
        return running

    def _place(self, running: dict[str, Running]) -> Place:
        chosen, names = Ports(self._state / "ports.json"), ports(self._nodes)
        ours = [port for port in names if any(port.startswith(service) for service in running)]
        chosen.settle(names, keep=ours)
        return Place(self._state, chosen, ensure_tls(self._state / "tls"), self._tools)

    def _stop(self) -> None:
        if self._nodes.real:
            self._end_nodes()
        for wave in reversed(waves(self._nodes)):
            end([found.process for name in wave if (found := self._table.find(name))])
        end(self._table.strays(()))
        for name in self._names:
            self._table.forget(name)

    def _end_nodes(self) -> None:
        """End all that is among the nodes, with every container; nobody is there to do it in order."""
        for wave in reversed(kubelets.waves(self._nodes.count)):
            end([found.process for name in wave if (found := self._table.find(name))])
        Cgroups(self._state).remove()

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for wave in waves(self._nodes) for name in wave)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        private_dir(self._state)
        with FileLock(self._state / "world.lock"):
            yield


def _client(tls: Tls) -> httpx.Client:
    # No proxy or .netrc of the user's environment has a say in loopback calls.
    return httpx.Client(verify=tls.client_context(), trust_env=False)
