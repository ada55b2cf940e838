"""Runs the real Pulumi engine with a home, a backend and a passphrase that belong to the sandbox."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from sandbox.world.files import write_private
from sandbox.world.process import FEW_COLLECTIONS
from telemetry.config import targets
from telemetry.kubernetes.manifests import documents

PROJECT = "telemetry"
_LEAKS = ("PULUMI_", "KUBECONFIG", "AWS_", "GRAFANA_", "PYTHONDONTWRITEBYTECODE")
"""What of the user's environment would reach providers or slow them down; the sandbox starts without it."""


RUN_MARK = "TELEMETRY_SANDBOX_RUN"
"""Tells the processes of a command's run from those of a person who works in `make shell`."""


class EngineError(Exception):
    """A pulumi command failed; its own output has said why."""


@dataclass(frozen=True)
class Engine:
    """The engine of one state directory."""

    state: Path
    toolchain: Toolchain

    @property
    def home(self) -> Path:
        """PULUMI_HOME: plugins and workspace settings."""
        return self.state / "pulumi-home"

    @property
    def project(self) -> Path:
        """A copy of the project file, beside which the overlaid stack files are kept."""
        return self.state / "project"

    def config_file(self, stack: str) -> Path:
        """Return the stack's settings with the sandbox's connections laid over them."""
        return self.project / f"Pulumi.{stack}.yaml"

    def settings(self, stack: str) -> dict[str, Any]:
        """Return the stack's overlaid settings as they stand in its file."""
        (content,) = documents(self.config_file(stack).read_text())
        config: dict[str, Any] = content["config"]
        return config

    def change(self, stack: str, edit: Callable[[dict[str, Any]], object]) -> None:
        """Edit these settings."""
        file = self.config_file(stack)
        content = yaml.safe_load(file.read_text())
        edit(content["config"])
        write_private(file, yaml.safe_dump(content))

    def namespace(self, stack: str) -> str:
        """Return the namespace of the stack's workloads."""
        return str(self.settings(stack)["telemetry:namespace"]["name"])

    def checkpoint(self, stack: str) -> Path:
        """Return the file in which the backend keeps the stack's state."""
        return self.state / "pulumi-state" / ".pulumi" / "stacks" / PROJECT / f"{stack}.json"

    def locks(self, stack: str) -> list[Path]:
        """Return the locks that a running or killed command holds on the stack."""
        return list((self.state / "pulumi-state/.pulumi/locks/organization" / PROJECT / stack).glob("*.json"))

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables under which a plain `pulumi` works on the sandbox."""
        backend, passphrase = self.state / "pulumi-state", self.state / "passphrase"
        for directory in (self.home, backend, self.project):
            directory.mkdir(parents=True, exist_ok=True)
        if not passphrase.exists():
            write_private(passphrase, secrets.token_urlsafe(24))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEAKS)}
        path = [*map(str, self.toolchain.bin_dirs), str(Path(sys.executable).parent), kept.get("PATH", "")]
        return {
            **FEW_COLLECTIONS,
            **kept,
            "PATH": os.pathsep.join(path),
            targets.WHERE: "sandbox",
            "VIRTUAL_ENV": str(Path(sys.executable).parent.parent),
            "PULUMI_HOME": str(self.home),
            # Without side files for metadata: they are not written whole or not at all, and a killed engine
            # leaves an empty one, with which no later command can load the checkpoint.
            "PULUMI_BACKEND_URL": f"file://{backend}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    @property
    def run_environment(self) -> dict[str, str]:
        """The same for a run of ours, marked, so that what a killed one leaves behind can be found."""
        # The Kubernetes plugin leaves copies of kubeconfigs among its temporary files; here they go with the sandbox.
        temporary = self.state / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        return {**self.environment, RUN_MARK: str(self.state), "TMPDIR": str(temporary)}

    def run(self, command: str, stack: str, *options: str) -> None:
        """Run a pulumi command on a stack in the foreground.

        Raises:
            EngineError: it failed.
        """
        if self._start([*self._command(command, stack), *options], self.run_environment) != 0:
            raise EngineError(failed(command, stack))

    def execute(self, command: Sequence[str], variables: Mapping[str, str]) -> int:
        """Run any command in the foreground, where plain `pulumi` and `helm` work, and return its exit code.

        Raises:
            EngineError: there is no such program.
        """
        environment = {**self.run_environment, **variables}
        program = shutil.which(command[0], path=environment["PATH"])
        if program is None:
            raise EngineError(f"there is no program {command[0]!r} on PATH")
        status = self._start([program, *command[1:]], environment)
        return status if status >= 0 else 128 - status  # as shells say that a signal ended it

    def json(self, command: str, stack: str, *options: str) -> Any:
        """Return the parsed JSON output of a pulumi command.

        Raises:
            EngineError: it failed; carries its output.
        """
        done = subprocess.run(
            [*self._command(command, stack), *options],
            cwd=REPO,
            env=self.run_environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EngineError(f"pulumi {command} of {stack} failed:\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def in_project(self, *arguments: str, stdin: str | None = None) -> None:
        """Run a pulumi command beside the overlaid stack files, quietly; a secret goes through standard input."""
        done = subprocess.run(
            [str(self.toolchain.path("pulumi")), "-C", str(self.project), "--non-interactive", *arguments],
            env=self.run_environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EngineError(f"pulumi {arguments[0]} {arguments[1]} failed:\n{done.stderr}")

    def _command(self, command: str, stack: str) -> list[str]:
        takes_config = command in ("preview", "up", "refresh", "destroy")
        config = ["--config-file", str(self.config_file(stack))] if takes_config else []
        return [str(self.toolchain.path("pulumi")), *command.split(), "-s", stack, "--non-interactive", *config]

    def _start(self, command: list[str], environment: Mapping[str, str]) -> int:
        process = subprocess.Popen(command, cwd=REPO, env=environment)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal has told pulumi as well; it lets go of its lock before it ends.
                continue


def failed(command: str, stack: str) -> str:
    """Return what the user is told below the engine's own words: nothing is lost, and what comes next."""
    again = f"pulumi {command} of {stack} failed; the reason is above. Once it is mended: make {command} STACK={stack}"
    if command == "preview":
        return f"{again}; nothing was changed"
    return f"{again}, which repairs what this run has left and goes on from there"


def heed_interrupts() -> None:
    """Undo an ignored SIGINT, as a shell's background job and some CI runners hand it down.

    The engine ends its language host with that signal; a host that ignores it costs five seconds at every command.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def checkpoint_of(path: Path) -> Mapping[str, Any]:
    """Return the deployment in a checkpoint file, or nothing where there is none yet."""
    if not path.exists():
        return {}
    latest: Mapping[str, Any] | None = json.loads(path.read_text())["checkpoint"].get("latest")
    return latest or {}
