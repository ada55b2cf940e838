"""A stack on real nodes, and the ways in which it is changed and hurt."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kubernetes import client
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from sandbox.continuity.signals import SIGNALS
from sandbox.engine import Engine, EngineError
from sandbox.paths import REPO
from sandbox.real_nodes import replaced
from sandbox.world import Connections, World
from sandbox.world.kubelets import entering
from sandbox.world.process import ProcessTable, end
from telemetry.operations.readiness.ask import ask
from telemetry.operations.readiness.why import Unready
from telemetry.stack import file as stack_file

_READY_SECONDS = 300
_POLL_SECONDS = 0.5
Config = dict[str, Any]


class AbsentError(Exception):
    """What an event strikes is not there; the message says what."""


@dataclass(frozen=True)
class Site:
    """One deployed stack in a world with real nodes."""

    stack: str
    engine: Engine
    world: World
    connections: Connections
    choose: Callable[[Sequence[str]], str] = min
    """Says which of several pods is killed."""

    def up(self, edit: Callable[[Config], object]) -> None:
        """Change the stack's settings and deploy them. Raises EngineError."""
        self.engine.change(self.stack, edit)
        self.engine.run("up", self.stack, "--yes", "--skip-preview")

    def kill_pod(self, selector: str) -> None:
        """Kill one of the pods that a label selector means, with force, as a lost node does; its volume stays.

        Raises:
            AbsentError: there is none.
        """
        before = self._pods(selector)
        if not before:
            raise AbsentError(f"there is no pod of {selector}")
        name = self.choose(sorted(before))
        self.core.delete_namespaced_pod(name, self.namespace, grace_period_seconds=0)
        # Its controller has seen it, be it that another one is ready before anybody has looked.
        self._await(lambda: bool(self._unready()) or self._replaced(before, name, self._pods(selector)))

    def kill_service(self, name: str, seconds: float = 0.0) -> None:
        """Kill a service of the world, and start it again after a while."""
        found = ProcessTable(self.engine.state).find(name)
        if found is not None:
            found.process.kill()
            end([found.process])
        time.sleep(seconds)
        self.world.start()

    def await_ready(self) -> None:
        """Return once every workload is ready. Raises tenacity.RetryError."""
        self._await(lambda: not self._unready())

    def _pods(self, selector: str) -> dict[str, client.V1Pod]:
        """Return the pods that a label selector means, by name."""
        pods = self.core.list_namespaced_pod(self.namespace, label_selector=selector).items
        return {pod.metadata.name: pod for pod in pods}

    @staticmethod
    def _replaced(before: Mapping[str, client.V1Pod], name: str, now: Mapping[str, client.V1Pod]) -> bool:
        """Whether another pod has taken the place of one of these, and all are ready."""
        conditions = [condition for pod in now.values() for condition in pod.status.conditions or ()]
        ready = sum(each.type == "Ready" and each.status == "True" for each in conditions)
        gone = before[name].metadata.uid not in [pod.metadata.uid for pod in now.values()]
        return gone and ready == len(now) >= len(before)

    def _unready(self) -> tuple[Unready, ...]:
        return ask(stack_file.load(self.stack, self.engine.config_file(self.stack))).unready

    def _await(self, done: Callable[[], bool]) -> None:
        retry = retry_if_result(lambda so: not so)
        Retrying(stop=stop_after_delay(_READY_SECONDS), wait=wait_fixed(_POLL_SECONDS), retry=retry)(done)

    @contextmanager
    def written_to(self, file: Path) -> Iterator[None]:
        """Have somebody write steadily for the length of a block, which begins with the first answer."""
        file.touch()
        writer = subprocess.Popen(self._client(file, self.signals), cwd=REPO, env=self.engine.environment)
        try:
            self._await(lambda: file.stat().st_size > 0 or writer.poll() is not None)
            if writer.poll() is not None:
                raise EngineError("the writer has ended; it has said why above")
            yield
        finally:
            writer.terminate()
            writer.wait()

    @cached_property
    def signals(self) -> Sequence[str]:
        """The signals whose backends run here, and do not only answer probes."""
        return [name for name in SIGNALS if name not in replaced(self.engine.state)]

    def lost(self, file: Path, signal: str, begin: int, until: int) -> int:
        """Return how many of a signal's samples or traces of a while were acknowledged and are not found."""
        command, environment = self._client(file, [signal], begin, until), self.engine.environment
        done = subprocess.run(command, cwd=REPO, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return int(done.stdout)

    def _client(self, file: Path, signals: Sequence[str], *window: int) -> Sequence[str]:
        asked = [self.stack, str(self.engine.config_file(self.stack)), str(file), ",".join(signals), *map(str, window)]
        return entering(self.engine.state, [sys.executable, "-m", "sandbox.continuity.client", *asked])

    @cached_property
    def namespace(self) -> str:
        """The namespace of the stack's workloads."""
        return self.engine.namespace(self.stack)

    @cached_property
    def core(self) -> client.CoreV1Api:
        """The cluster's core API."""
        return self.connections.core()
