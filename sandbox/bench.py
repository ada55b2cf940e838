"""Measures the speed goals in one run and writes docs/performance.md: ratios first, since seconds differ by machine."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from sandbox import machine
from sandbox.engine import Engine
from sandbox.marked import with_text
from sandbox.paths import REPO
from sandbox.scale import page as scale
from sandbox.scale import stacks, tenants
from sandbox.scale.page import shown

_ROUNDS = 5
_SPEED = ("What", "Seconds", "Ratio", "Goal", "")
_EMPTY_PROJECT = "name: empty\nruntime: python\n"

_BARE_IMPORTS = """
import pulumi, pulumi_aws, pulumi_kubernetes, pulumiverse_grafana, pydantic
pulumi_aws.s3.Bucket, pulumi_aws.Provider, pulumi_kubernetes.Provider, pulumi_kubernetes.core.v1.Secret
pulumi_kubernetes.core.v1.Namespace, pulumi_kubernetes.core.v1.ResourceQuota, pulumi_kubernetes.helm.v3.Release
pulumiverse_grafana.Provider, pulumiverse_grafana.oss.DataSource
"""
_WHOLE_PROGRAM = """
import asyncio, runpy, pulumi
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack
class World(pulumi.runtime.Mocks):
    def call(self, args): return {}
    def new_resource(self, args): return args.name, args.inputs
def program():
    runpy.run_path("__main__.py", run_name="__main__")
async def whole():
    pulumi.runtime.set_mocks(World(), project="telemetry", stack="dev", preview=True)
    set_root_resource(None)
    await run_in_stack(program)
asyncio.run(whole())
"""
_MANY_TENANTS, _MANY_SECONDS = 1_000, 60
_COLD_SECONDS = 16 * 60


@dataclass(frozen=True)
class Line:
    """One measurement: its seconds, and where there is a goal its ratio to a floor, or the most that it may take."""

    what: str
    seconds: float
    floor: float | None = None
    goal: float | None = None
    """Times the floor."""
    most: float | None = None
    """In seconds."""

    @property
    def ratio(self) -> float | None:
        """How many times its floor it takes."""
        return self.seconds / self.floor if self.floor else None

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return what, seconds, ratio, goal and verdict as text."""
        if self.most is not None:
            return self.what, f"{self.seconds:.2f}", "", f"{self.most:.0f} s", _verdict(self.seconds, self.most)
        if self.ratio is None or self.goal is None:
            return self.what, f"{self.seconds:.2f}", "", "", ""
        verdict = _verdict(self.ratio, self.goal)
        return self.what, f"{self.seconds:.2f}", f"{self.ratio:.2f}x", f"{self.goal:.1f}x", verdict


def _verdict(found: float, goal: float) -> str:
    return "met" if found <= goal else "missed"


def measure(engine: Engine, stack: str, program_config: Mapping[str, str]) -> list[Line]:
    """Return the measurements of a deployed stack without changes, each the median of several rounds."""
    floor = _median(_empty_preview(engine))
    preview = _median(lambda: _pulumi(engine, "preview", "-s", stack, "--config-file", str(engine.config_file(stack))))
    up_options = ("-s", stack, "--yes", "--config-file", str(engine.config_file(stack)))
    up = _median(lambda: _pulumi(engine, "up", "--skip-preview", *up_options))
    both = _median(lambda: _pulumi(engine, "up", *up_options))
    imports = _median(lambda: _python(engine, _BARE_IMPORTS, {}))
    program = _median(lambda: _python(engine, _WHOLE_PROGRAM, program_config))
    return [
        Line("preview of an empty program (the floor)", floor),
        Line(f"preview of {stack}, no change", preview, floor, 1.5),
        Line(f"up of {stack}, no change (make up: its preview is a command of its own)", up, floor, 1.8),
        Line(f"up of {stack}, no change, with pulumi's own preview before it", both, floor),
        Line("bare imports of the program's SDKs", imports),
        Line("Python time of the whole program, engine mocked", program, imports, 1.3),
    ]


def cold_and_warm(console: Console) -> list[Line]:
    """Return the time of `make up` in a fresh clone with nothing cached but downloads, and of a second one."""
    with tempfile.TemporaryDirectory(prefix="telemetry-bench-") as directory:
        clone = Path(directory) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(REPO), str(clone)], check=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TELEMETRY_")},
            "TELEMETRY_SANDBOX_CACHE": str(Path(directory) / "tools"),
            "GOCACHE": str(Path(directory) / "go-build"),
        }
        lines = []
        try:
            cold = "cold: empty clone, empty tool directory, empty Go build cache"
            for what, most in ((cold, _COLD_SECONDS), ("warm: again", None)):
                console.print(f"make up, {what} …")
                run = [shutil.which("make") or "make", "up"]
                lines.append(Line(f"make up, {what}", _timed(run, environment, clone), most=most))
        finally:
            subprocess.run(["make", "clean"], cwd=clone, env=environment, capture_output=True, check=False)
        return lines


def report(
    console: Console,
    lines: Sequence[Line],
    set_up: Sequence[Line],
    by_tenants: Sequence[tenants.Cost],
    by_stacks: Sequence[stacks.Cost],
) -> None:
    """Print the measurements as tables and write them to docs/performance.md; what was not measured stays there."""
    many = [
        Line(f"preview of a new stack of {cost.tenants:,} tenants", cost.preview, most=_MANY_SECONDS)
        for cost in by_tenants
        if cost.tenants == _MANY_TENANTS
    ]
    parts = {
        "speed": _goals(console, lines),
        "set-up": _goals(console, set_up),
        "tenants": _goals(console, many) + scale.of_tenants(console, by_tenants),
        "stacks": scale.of_stacks(console, by_stacks),
    }
    page = REPO / "docs" / "performance.md"
    text = page.read_text()
    for part, said in parts.items():
        if said:
            measured = f"Measured on {datetime.now(UTC):%Y-%m-%d}; {machine.description()}.\n\n{said.strip()}"
            text = with_text(text, _marks(part), measured)
    page.write_text(text)


def _goals(console: Console, lines: Sequence[Line]) -> str:
    """Print and return measurements with their goals; nothing where there are none."""
    return shown(console, _SPEED, [line.cells() for line in lines]) if lines else ""


def _marks(part: str) -> tuple[str, str]:
    return f"<!-- {part}: written by make bench -->", f"<!-- end of {part} -->"


def _empty_preview(engine: Engine) -> Callable[[], float]:
    """Return a timed preview of a program that does nothing, on the same engine and backend."""
    project = engine.state / "bench"
    project.mkdir(exist_ok=True)
    (project / "Pulumi.yaml").write_text(_EMPTY_PROJECT)
    (project / "__main__.py").write_text('"""Nothing."""\n')
    _pulumi(engine, "stack", "select", "empty", "--create", project=project)
    return lambda: _pulumi(engine, "preview", "-s", "empty", project=project)


def _pulumi(engine: Engine, *arguments: str, project: Path = REPO) -> float:
    command = [str(engine.toolchain.path("pulumi")), *arguments, "--non-interactive"]
    return _timed(command, engine.run_environment, project)


def _python(engine: Engine, code: str, variables: Mapping[str, str]) -> float:
    return _timed([sys.executable, "-c", code], {**engine.run_environment, **variables}, REPO)


def _timed(command: list[str], environment: Mapping[str, str], directory: Path) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=directory, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:3])} … failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - begun


def _median(timed: Callable[[], float]) -> float:
    timed()  # the first round fills caches
    return statistics.median(timed() for _ in range(_ROUNDS))
