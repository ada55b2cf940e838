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
from sandbox.bench_programs import BARE_IMPORTS, EMPTY, ONE_OF_EACH, WHOLE_PROGRAM
from sandbox.engine import Engine
from sandbox.marked import with_text
from sandbox.paths import REPO
from sandbox.scale import page as scale
from sandbox.scale import stacks, tenants
from sandbox.scale.page import shown

_ROUNDS = 5
_SPEED = ("What", "Seconds", "Ratio", "Ratio to three objects", "Goal", "")
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
    least: float | None = None
    """What the least program with the same providers takes, in seconds."""

    def cells(self) -> tuple[str, str, str, str, str, str]:
        """Return what, seconds, both ratios, goal and verdict as text."""
        goal, verdict = "", ""
        if self.most is not None:
            goal, verdict = f"{self.most:.0f} s", _verdict(self.seconds, self.most)
        elif self.floor and self.goal:
            goal, verdict = f"{self.goal:.1f}x", _verdict(self.seconds / self.floor, self.goal)
        return self.what, f"{self.seconds:.2f}", self._times(self.floor), self._times(self.least), goal, verdict

    def _times(self, seconds: float | None) -> str:
        return f"{self.seconds / seconds:.2f}x" if seconds else ""


def _verdict(found: float, goal: float) -> str:
    return "met" if found <= goal else "missed"


def measure(engine: Engine, stack: str, program_config: Mapping[str, str]) -> list[Line]:
    """Return the measurements of a deployed stack without changes, each the median of several rounds."""
    floor = _median(_empty_preview(engine))
    least = _median(_preview_of_one_of_each(engine, stack))
    preview = _median(lambda: _pulumi(engine, "preview", "-s", stack, "--config-file", str(engine.config_file(stack))))
    up_options = ("-s", stack, "--yes", "--config-file", str(engine.config_file(stack)))
    up = _median(lambda: _pulumi(engine, "up", "--skip-preview", *up_options))
    both = _median(lambda: _pulumi(engine, "up", *up_options))
    imports = _median(lambda: _python(engine, BARE_IMPORTS, {}))
    program = _median(lambda: _python(engine, WHOLE_PROGRAM, program_config))
    return [
        Line("preview of an empty program (the floor)", floor),
        Line("preview of a program of three objects, one of each provider", least, floor),
        Line(f"preview of {stack}, no change", preview, floor, 1.5, least=least),
        Line(f"up of {stack}, no change (make up: its preview is a command of its own)", up, floor, 1.8, least=least),
        Line(f"up of {stack}, no change, with pulumi's own preview before it", both, floor, least=least),
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
    """Print and return measurements with their goals, without ratios that none has; nothing where there are none."""
    columns = zip(_SPEED, *(line.cells() for line in lines), strict=True)
    headings, *rows = zip(*(column for column in columns if any(column[1:])), strict=True) if lines else ((),)
    return shown(console, headings, rows) if rows else ""


def _marks(part: str) -> tuple[str, str]:
    return f"<!-- {part}: written by make bench -->", f"<!-- end of {part} -->"


def _empty_preview(engine: Engine) -> Callable[[], float]:
    """Return a timed preview of a program that does nothing, on the same engine and backend."""
    return _preview_of(engine, "empty", EMPTY, {})


def _preview_of_one_of_each(engine: Engine, stack: str) -> Callable[[], float]:
    """Return a timed preview of the least that our three providers and their SDKs can do, where the stack is."""
    settings = engine.settings(stack)
    where = {
        "kubeconfig": settings["telemetry:kubernetes"]["kubeconfig"],
        "s3": settings["telemetry:object_store"]["provisioning_endpoint"],
        "grafana": settings["telemetry:grafana"]["url"],
    }
    return _preview_of(engine, "one-of-each", ONE_OF_EACH, where)


def _preview_of(engine: Engine, name: str, program: str, config: Mapping[str, str]) -> Callable[[], float]:
    project = engine.state / "bench" / name
    project.mkdir(parents=True, exist_ok=True)
    (project / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (project / "__main__.py").write_text(program)
    _pulumi(engine, "stack", "select", "bench", "--create", project=project)
    for key, value in config.items():
        _pulumi(engine, "config", "set", "-s", "bench", key, value, project=project)
    return lambda: _pulumi(engine, "preview", "-s", "bench", project=project)


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
