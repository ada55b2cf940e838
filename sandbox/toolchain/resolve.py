"""Finding each tool: on PATH if its version fits, else in the cache, else by building it."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from rich.console import Console

from sandbox.toolchain.cache import Cache
from sandbox.toolchain.catalog import MODULES, TOOLS, UP_TOOLS, Tool
from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.go import Go

SOURCES = Path(__file__).resolve().parents[1] / "tools"
VERSION_SECONDS = 10


class Toolchain:
    """Where the tools are. Nothing is run or built before it is asked for."""

    def __init__(
        self,
        console: Console | None = None,
        cache: Path | None = None,
        sources: Path = SOURCES,
        path: str | None = None,
    ) -> None:
        self._console = console or Console(quiet=True)
        self._directory = (cache or _default_cache()).absolute()
        self._sources = sources
        self._path = os.environ.get("PATH", "") if path is None else path
        self._found: dict[str, Path] = {}

    def ensure(self, tools: Iterable[str] = UP_TOOLS) -> None:
        """Make sure of these tools, building what is neither on PATH nor in the cache.

        Raises ToolchainError for a build that fails, naming the tool, the reason and what to do.
        """
        for name in tools:
            tool = _known(name)
            self._found[name] = self._own(tool) or self._built(tool, build=True)

    def path(self, tool: str) -> Path:
        """Return the executable of a tool. Raises ToolchainError when ``ensure`` has not provided it."""
        known = _known(tool)
        if tool not in self._found:
            self._found[tool] = self._own(known) or self._built(known, build=False)
        return self._found[tool]

    @property
    def bin_dirs(self) -> list[Path]:
        """The directories for PATH: Pulumi's, with its language host in it, and Helm's."""
        return list(dict.fromkeys([self.path("pulumi").parent, self.path("helm").parent]))

    def _own(self, tool: Tool) -> Path | None:
        """Return the user's own tool, if there is one and its version fits."""
        found = shutil.which(tool.name, path=self._path)
        if found is None or not all(Path(found).with_name(name).exists() for name in tool.beside):
            return None
        try:
            ran = subprocess.run(
                [found, *tool.version], capture_output=True, text=True, check=False, timeout=VERSION_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return Path(found) if ran.returncode == 0 and tool.accepts(ran.stdout + ran.stderr) else None

    def _built(self, tool: Tool, *, build: bool) -> Path:
        module = MODULES[tool.module]
        needed = [module, MODULES["language"]] if tool.beside else [module]
        for each in needed:
            if build:
                self._cache.ensure(each, self._why(tool), self._console)
            elif not self._cache.directory(each).is_dir():
                raise ToolchainError(f"{tool.name} is not there yet: `make up` builds it")
        for name in tool.beside:
            self._lay_beside(self._cache.directory(module), self._cache.directory(MODULES["language"]) / name)
        return self._cache.directory(module) / tool.built_as

    def _lay_beside(self, directory: Path, program: Path) -> None:
        """Link a program into a directory: a language host that lies elsewhere earns a warning at every run."""
        link = directory / program.name
        if not link.is_symlink() or link.readlink() != program:
            link.unlink(missing_ok=True)
            link.symlink_to(program)

    def _why(self, tool: Tool) -> str:
        if shutil.which(tool.name, path=self._path) is None:
            return f"no {tool.name} on PATH"
        return f"the {tool.name} on PATH does not fit: {tool.fits} is needed"

    @cached_property
    def _cache(self) -> Cache:
        return Cache(self._directory, self._sources, Go.find(self._path))


def _known(tool: str) -> Tool:
    if tool not in TOOLS:
        raise ToolchainError(f"there is no tool {tool!r}; there are {', '.join(TOOLS)}")
    return TOOLS[tool]


def _default_cache() -> Path:
    override = os.environ.get("TELEMETRY_SANDBOX_CACHE")
    return Path(override) if override else Path.home() / ".cache" / "telemetry-sandbox"
