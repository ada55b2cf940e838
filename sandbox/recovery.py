"""Brings a stack back after its engine was killed in the middle, so that the next command simply works.

What is wrong is found and mended by `commands repair`, as on any cluster. Here it is only asked when there is a sign of
something, for it takes seconds, and a run of the sandbox's own that has lost its `make` is ended first.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from sandbox.engine import RUN_MARK, Engine, EngineError, checkpoint_of
from sandbox.paths import REPO
from sandbox.world.process import end
from telemetry.operations.repair.processes import Runs


@dataclass(frozen=True)
class Recovery:
    """Finds and mends what a killed run left of one stack. Nothing may run on the stack meanwhile."""

    engine: Engine
    stack: str

    def run(self) -> None:
        """Mend everything, and print what was mended.

        Raises:
            EngineError: somebody's own pulumi is at work here, and nothing was touched; or it cannot be mended; or
                the state cannot be read.
        """
        runs = Runs.of(self.engine.environment, REPO)
        ended = self._end_own(runs.engines())
        try:
            state = checkpoint_of(self.engine.checkpoint(self.stack))
        except ValueError as error:
            raise EngineError(
                f"the state of {self.stack} is cut off; put a copy in its place (docs/recovery.md): "
                f"make restore-state STACK={self.stack} ARGS=COPY"
            ) from error
        unfinished = [each for each in state.get("resources") or () if each.get("initErrors")]
        left = state.get("pending_operations") or unfinished
        if ended or runs.orphans() or self.engine.locks(self.stack) or left:
            self._repair()

    def _end_own(self, engines: list[psutil.Process]) -> bool:
        for engine in engines:
            if not self._is_own(engine):
                raise EngineError(f"another pulumi runs on this sandbox (process {engine.pid}): let it end first")
        # Asked politely, an engine lets go of its lock and stops its plugins by itself.
        end(engines)
        for engine in engines:
            print(f"ended pulumi (process {engine.pid}), left over from a killed run", flush=True)
        return bool(engines)

    def _is_own(self, engine: psutil.Process) -> bool:
        try:
            return bool(engine.environ().get(RUN_MARK) == str(self.engine.state))
        except psutil.NoSuchProcess:  # it has just ended
            return True

    def _repair(self) -> None:
        command = [sys.executable, "-m", "telemetry", "repair", self.stack, "--yes"]
        config_file = ["--config-file", str(self.engine.config_file(self.stack))]
        done = subprocess.run([*command, *config_file], cwd=REPO, env=self.engine.run_environment, check=False)
        if done.returncode != 0:
            raise EngineError(f"{self.stack} cannot be repaired")


@contextmanager
def explained(engine: Engine, stack: str, variables: Mapping[str, str]) -> Iterator[None]:
    """Say which workloads are not ready, and why, where a run fails: the engine knows no more than that time is up."""
    try:
        yield
    except EngineError:
        engine.execute([sys.executable, "-m", "telemetry", "explain", stack], variables)
        raise
