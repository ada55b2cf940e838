"""What is run in the namespace: the steps of docs/air-gap.md, then preview and up of dev, from a bundle alone.

Not a test: prints what happened as JSON. The world is the sandbox's, run by this Python; the program is run by the one
that is made of the bundle's wheels.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.engine import Engine
from sandbox.paths import REPO
from sandbox.stacks import merged, prepare
from sandbox.toolchain import Toolchain
from sandbox.world import Connections, World
from tests.sandbox.chart_servers import http_repository, registry

_BLOCK = r"```sh\n# {name}\n(.*?)```"


@dataclass(frozen=True)
class Place:
    """Where everything is: the bundle, and an empty folder for all else."""

    bundle: Path
    work: Path

    @property
    def program(self) -> Path:
        """The program, as the bundle brought it."""
        return self.work / "target" / "telemetry"

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the steps: tools from the bundle first, no cache of this machine."""
        path = [self.bundle / "bin", self.program / ".venv" / "bin"]
        return {
            **os.environ,
            "HOME": str(self.work / "home"),
            "BUNDLE": str(self.bundle),
            "TARGET": str(self.work / "target"),
            "PULUMI_HOME": str(self.work / "pulumi-home"),
            "VIRTUAL_ENV": str(self.program / ".venv"),
            "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
        }

    def step(self, name: str, **more: str) -> None:
        """Run a script of docs/air-gap.md."""
        found = re.search(_BLOCK.format(name=name), (REPO / "docs/air-gap.md").read_text(), re.DOTALL)
        assert found is not None, f"docs/air-gap.md has no script {name}"
        script = f"set -euo pipefail\n{found[1]}"
        done = subprocess.run(
            ["bash", "-c", script], env=self.environment | more, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def main(bundle: Path, work: Path) -> dict[str, Any]:
    """Install a bundle and deploy dev from it; return what was seen."""
    place, began, seconds = Place(bundle, work), time.monotonic(), {}
    (work / "home").mkdir()
    toolchain = Toolchain()
    place.step("install", REQUIREMENTS="requirements.txt")
    seconds["install"] = time.monotonic() - began
    with (
        _world(work, toolchain) as connections,
        http_repository(bundle / "charts") as repository,
        registry(toolchain) as address,
    ):
        place.step("charts", REGISTRY=address, PLAIN_HTTP="yes")
        engine = Engine(work / "engine", toolchain)
        assert engine.environment  # makes its folders
        prepare("dev", engine, connections)
        _take_charts(engine.config_file("dev"), repository, f"oci://{address}/charts")
        seconds["world"] = time.monotonic() - began
        seen = {
            "routes": Path("/proc/net/route").read_text().splitlines()[1:],
            "outside": _reach_outside(),
            "preview": _pulumi(place, engine, "preview", "--json"),
            "up": _pulumi(place, engine, "up", "--yes", "--skip-preview"),
        }
        seconds["up"] = time.monotonic() - began
        exported = _pulumi(place, engine, "stack", "export")
        return {
            **seen,
            "state": json.loads(exported["stdout"])["deployment"]["resources"],
            "packages": [each.name for each in (place.program / ".venv").glob("lib/python*/site-packages/*.dist-info")],
            "which": _said(place, "which", "pulumi", "helm", "python", "pulumi-language-python"),
            "seconds": seconds,
        }


@contextmanager
def _world(work: Path, toolchain: Toolchain) -> Iterator[Connections]:
    world = World(work / "world", toolchain)
    try:
        yield world.start()
    finally:
        world.destroy()


def _take_charts(file: Path, repository: str, reference: str) -> None:
    """Let Tempo come from the registry and Mimir from the repository."""
    content = yaml.safe_load(file.read_text())
    charts = {
        "telemetry:traces": {"chart": {"repository": None, "reference": f"{reference}/tempo"}},
        "telemetry:metrics": {"chart": {"repository": repository, "reference": None}},
    }
    content["config"] = merged(content["config"], charts)
    file.write_text(yaml.safe_dump(content))


def _reach_outside() -> str:
    """Return why an address of the internet (RFC 5737's, for documentation) cannot be reached."""
    try:
        with socket.create_connection(("192.0.2.1", 443), timeout=2):
            return ""
    except OSError as error:
        return str(error)


def _pulumi(place: Place, engine: Engine, command: str, *options: str) -> dict[str, Any]:
    config = ["--config-file", str(engine.config_file("dev"))] if command != "stack" else []
    line = [str(place.bundle / "bin" / "pulumi"), command, *options, "-s", "dev", "--non-interactive", *config]
    done = subprocess.run(
        line,
        cwd=place.program,
        env={**engine.environment, **place.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return {"code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def _said(place: Place, *line: str) -> str:
    done = subprocess.run(line, env=place.environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
