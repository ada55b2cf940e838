"""Brings a stack back after its engine was killed in the middle, so that the next command simply works.

What a killed run leaves (facts/providers.md, 'Killed in the middle'): plugins that live on, a lock, operations of
which nobody knows whether they happened, and Helm releases that are stuck half-way.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from sandbox.engine import RUN_MARK, Engine, EngineError, checkpoint_of
from sandbox.world import Connections
from sandbox.world.process import end

_HALF_WAY = {
    "pending-install": ("uninstall", "--wait"),
    "uninstalling": ("uninstall", "--wait"),
    "pending-upgrade": ("rollback",),
    "pending-rollback": ("rollback",),
}
"""What frees a Helm release, by its status."""


@dataclass(frozen=True)
class Recovery:
    """Finds and mends what a killed run left of one stack. Nothing may run on the stack meanwhile."""

    engine: Engine
    connections: Connections
    stack: str

    def run(self) -> list[str]:
        """Mend everything, and return a line for each thing that was mended.

        Raises:
            EngineError: somebody's own pulumi is at work here; nothing was touched.
        """
        self._leave_others_alone()
        done = [*self._end_orphans(), *self._unlock()]
        pending = checkpoint_of(self.engine.checkpoint(self.stack)).get("pending_operations") or []
        if done or pending:
            done += self._free_releases()
        return [*done, *self._settle()] if pending else done

    def _leave_others_alone(self) -> None:
        for process, environment in _processes():
            ours = environment.get(RUN_MARK) == str(self.engine.state)
            if environment.get("PULUMI_HOME") == str(self.engine.home) and not ours and process.name() == "pulumi":
                raise EngineError(f"another pulumi runs on this sandbox (process {process.pid}): let it end first")

    def _end_orphans(self) -> list[str]:
        state = str(self.engine.state)
        orphans = [process for process, environment in _processes() if environment.get(RUN_MARK) == state]
        # The engine first: asked politely, it lets go of its lock and stops its plugins by itself.
        end([process for process in orphans if process.name() == "pulumi"])
        end([process for process in orphans if process.is_running()])
        return [f"ended process {process.pid}, left over from a killed run" for process in orphans]

    def _unlock(self) -> list[str]:
        if not self.engine.locks(self.stack):
            return []
        self.engine.in_project("cancel", "--yes", "-s", self.stack)
        return ["released the lock of a killed run"]

    def _free_releases(self) -> list[str]:
        freed = []
        for release in json.loads(self._helm("list", "--all-namespaces", "--all", "--output", "json")):
            if release["status"] in _HALF_WAY:
                self._helm(*_HALF_WAY[release["status"]], release["name"], "--namespace", release["namespace"])
                freed.append(f"freed the release {release['name']}, which was {release['status']}")
        return freed

    def _settle(self) -> list[str]:
        """Tell the state what became of operations that had begun: what exists is adopted, the rest forgotten.

        `pulumi refresh --import-pending-creates` promises the same, but engine 3.250 drops what it is to import.
        """
        # Imported here: its clients take a second to load, and most runs have nothing to settle.
        from sandbox.leftovers import Leftovers

        leftovers = Leftovers(self.connections, self._helm)
        exported = self.engine.json("stack export", self.stack)
        deployment, done = exported["deployment"], []
        for operation in deployment.pop("pending_operations"):
            resource = operation["resource"]
            name = resource["urn"].rpartition("::")[2]
            identifier = leftovers.settle(resource) if operation["type"] == "creating" else None
            if identifier is None:
                done.append(f"cleared the unfinished {operation['type']} of {name}")
            else:
                deployment["resources"].append({**resource, "id": identifier, "outputs": resource["inputs"]})
                done.append(f"adopted {name}, which a killed run had made")
        self.engine.in_project("stack", "import", "-s", self.stack, stdin=json.dumps(exported))
        self.engine.run("refresh", self.stack, "--yes", "--skip-preview")
        return done

    def _helm(self, *arguments: str) -> str:
        command = [str(self.engine.toolchain.path("helm")), *arguments, *helm_target(self.connections)]
        return subprocess.run(command, env=self.engine.environment, capture_output=True, text=True, check=True).stdout


def helm_target(connections: Connections) -> list[str]:
    """Return the options that point helm at the world's cluster."""
    return ["--kubeconfig", str(connections.kubeconfig), "--kube-context", connections.context]


def _processes() -> Iterator[tuple[psutil.Process, dict[str, str]]]:
    """Return the other processes that we may look into, and their environments."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # ended meanwhile, or somebody else's
            if process.pid != os.getpid():
                yield process, process.environ()
