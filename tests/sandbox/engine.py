"""Drives the real Pulumi engine over a program that is a JSON list of resources, to test the provider plugins."""

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.plugins.install import install
from sandbox.toolchain import Toolchain

PROGRAM = '''\
"""Registers what resources.json lists: no provider SDK, so that a run takes as little time as possible."""
import json, pathlib, pulumi

made = {}

def value(item):
    if isinstance(item, dict) and "$secret" in item:
        return pulumi.Output.secret(item["$secret"])
    if isinstance(item, dict) and "$ref" in item:
        name, key = item["$ref"]
        return getattr(made[name], key)
    if isinstance(item, dict):
        return {key: value(inner) for key, inner in item.items()}
    return [value(inner) for inner in item] if isinstance(item, list) else item

for entry in json.loads(pathlib.Path("resources.json").read_text()):
    options = dict(entry.get("options") or {})
    if "provider" in options:
        options["provider"] = made[options["provider"]]
    options["depends_on"] = [made[name] for name in options.pop("depends_on_names", [])]
    inputs = {key: value(item) for key, item in entry["inputs"].items()}
    opts = pulumi.ResourceOptions(**options)
    if entry["type"].startswith("pulumi:providers:"):
        package = entry["type"].rpartition(":")[2]
        made[entry["name"]] = pulumi.ProviderResource(package, entry["name"], inputs, opts)
        continue
    props = {**dict.fromkeys(entry.get("outputs") or []), **inputs}
    resource = made[entry["name"]] = pulumi.CustomResource(entry["type"], entry["name"], props, opts)
    for key in entry.get("exports") or []:
        pulumi.export(f"{entry['name']}.{key}", getattr(resource, key))
'''


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    text: str
    """Everything it printed."""

    @property
    def flat(self) -> str:
        """The text on one line, for messages that the engine breaks up."""
        return " ".join(self.text.split())


@dataclasses.dataclass(frozen=True)
class Preview(Outcome):
    """A preview's steps by resource name, without those of the stack and of providers that stay as they are."""

    steps: dict[str, dict[str, Any]]
    raw: dict[str, Any]

    def op(self, name: str) -> str:
        """What happens to a resource; the engine leaves out those that stay as they are."""
        return str(self.steps.get(name, {"op": "same"})["op"])

    def paths(self, name: str) -> dict[str, str]:
        """Path of a change -> its kind (`update`, `add-replace` ...)."""
        return {path: change["kind"] for path, change in (self.steps[name].get("detailedDiff") or {}).items()}

    @property
    def errors(self) -> str:
        found = [item["message"] for item in self.raw.get("diagnostics") or [] if item["severity"] == "error"]
        return " ".join(" ".join(found).split())


class Stack:
    """One stack of a project in `folder`, with a PULUMI_HOME and a backend of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        (folder / "backend").mkdir(parents=True, exist_ok=True)
        self.environment = {
            **environment,
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": "only for tests",
        }
        (folder / "Pulumi.yaml").write_text("name: plugins\nruntime: python\n")
        (folder / "__main__.py").write_text(PROGRAM)
        self.declare()
        if not list((folder / "backend").iterdir()):
            self.must("stack", "init", "test")

    def copy(self, folder: Path) -> "Stack":
        """Another stack like this one, for less than the time it takes the engine to make one."""
        shutil.copytree(self.folder, folder)
        return Stack(folder, self.environment)

    def declare(self, *resources: dict[str, Any]) -> None:
        """Write the program."""
        (self.folder / "resources.json").write_text(json.dumps(resources))

    def run(self, *arguments: str, timeout: float = 120) -> Outcome:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Outcome(done.returncode, done.stdout)

    def command(self, *arguments: str) -> list[str]:
        stack = [] if arguments[0] == "stack" else ["--stack", "test"]
        return ["pulumi", "--non-interactive", "--color=never", *arguments, *stack]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command to interrupt."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def must(self, *arguments: str) -> Outcome:
        done = self.run(*arguments)
        assert done.code == 0, done.text
        return done

    def preview(self, *resources: dict[str, Any], options: tuple[str, ...] = ()) -> Preview:
        """Preview these resources, or those declared before if none are given."""
        if resources:
            self.declare(*resources)
        done = subprocess.run(
            self.command("preview", "--json", *options),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        raw = json.loads(done.stdout)
        steps = {
            step["urn"].rpartition("::")[2]: step
            for step in raw.get("steps") or []
            if "pulumi:Stack" not in step["urn"]
        }
        return Preview(done.returncode, done.stdout + done.stderr, steps, raw)

    def up(self, *resources: dict[str, Any], options: tuple[str, ...] = ()) -> Outcome:
        if resources:
            self.declare(*resources)
        return self.run("up", "--yes", "--skip-preview", *options)

    def must_up(self, *resources: dict[str, Any]) -> Outcome:
        done = self.up(*resources)
        assert done.code == 0, done.text
        return done

    def refresh(self, *options: str) -> Outcome:
        return self.run("refresh", "--yes", "--skip-preview", *options)

    def state(self, *, show_secrets: bool = False) -> dict[str, dict[str, Any]]:
        """The resources in state by name, without the stack itself."""
        done = subprocess.run(
            self.command("stack", "export", "--stack", "test", *(["--show-secrets"] if show_secrets else [])),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout)["deployment"].get("resources") or []
        return {item["urn"].rpartition("::")[2]: item for item in found if item["type"] != "pulumi:pulumi:Stack"}


def engine_environment(toolchain: Toolchain, pulumi_home: Path) -> dict[str, str]:
    """A PULUMI_HOME with the plugins in it, and nothing of the user's Pulumi, cluster or AWS settings."""
    install(pulumi_home, toolchain)
    hidden = ("PULUMI_", "AWS_", "KUBECONFIG", "GRAFANA_", "PYTHONDONTWRITEBYTECODE", "HELM_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return {
        **kept,
        "PATH": os.pathsep.join(map(str, [*toolchain.bin_dirs, Path(sys.executable).parent, kept["PATH"]])),
        "PULUMI_HOME": str(pulumi_home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def provider(package: str, **inputs: Any) -> dict[str, Any]:
    """A provider for `Stack.declare`, named after its package."""
    return {"type": f"pulumi:providers:{package}", "name": package, "inputs": inputs}


def resource(token: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource for `Stack.declare`, of the package's provider."""
    options = {"provider": token.partition(":")[0], **more.pop("options", {})}
    return {"type": token, "name": name, "inputs": inputs, "options": options, **more}


def dead_port() -> int:
    """A port on 127.0.0.1 where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
