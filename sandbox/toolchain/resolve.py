"""Finding each tool: on PATH if its version fits, else in the cache, else by building or fetching it."""

import os
import shutil
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from rich.console import Console

from sandbox.toolchain.apt import FetchedPackage
from sandbox.toolchain.cache import Cache, Origin
from sandbox.toolchain.catalog import MODULES, PACKAGES, TOOLS, UP_TOOLS, Tool
from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.go import Go
from sandbox.toolchain.modules import BuiltModule
from sandbox.toolchain.trial import tried

SOURCES = Path(__file__).resolve().parents[1] / "tools"
_SERVERS = ("/usr/sbin", "/usr/local/sbin")
"""Where systems have servers such as nginx; not on every user's PATH."""


class Toolchain:
    """Where the tools are. Nothing is run or built before it is asked for."""

    def __init__(
        self,
        console: Console | None = None,
        cache: Path | None = None,
        sources: Path = SOURCES,
        path: str | None = None,
        plugins: Path | None = None,
    ) -> None:
        self._console = console or Console(quiet=True)
        self._cache = Cache((cache or _default_cache()).absolute())
        self._sources = sources
        self._path = os.pathsep.join((os.environ.get("PATH", ""), *_SERVERS)) if path is None else path
        self._plugins = plugins or Path.home() / ".pulumi" / "plugins"
        self._found: dict[str, Path] = {}

    def ensure(self, tools: Iterable[str] = UP_TOOLS) -> None:
        """Make sure of these tools, building what is neither on PATH nor in the cache.

        Raises ToolchainError for a build that fails, naming the tool, the reason and what to do.
        """
        wanted = [_known(name) for name in tools]
        self._found |= {tool.name: own for tool in wanted if (own := self._own(tool)) is not None}
        self._announce([tool for tool in wanted if tool.name not in self._found])
        for tool in wanted:
            if tool.name not in self._found:
                self._found[tool.name] = self._resolved(tool, build=True)

    def missing(self, name: str) -> str | None:
        """Return why a tool that is only ever the user's own cannot be used; None if it can."""
        tool = _known(name)
        return None if self._own(tool) else f"{self._why(tool)}, and no package registry has it"

    def path(self, tool: str) -> Path:
        """Return the executable of a tool. Raises ToolchainError when ``ensure`` has not provided it."""
        known = _known(tool)
        if tool not in self._found:
            self._found[tool] = self._resolved(known, build=False)
        return self._found[tool]

    @property
    def bin_dirs(self) -> list[Path]:
        """The directories for PATH: Pulumi's, with its language host in it, and Helm's."""
        return list(dict.fromkeys([self.path("pulumi").parent, self.path("helm").parent]))

    def plugin(self, folder: str) -> Path | None:
        """Return the user's own plugin of the engine, if there is one in a folder of this name."""
        program = folder.rpartition("-v")[0]
        found = self._plugins / folder / f"pulumi-{program}"
        return found if found.is_file() else None

    def _announce(self, tools: Iterable[Tool]) -> None:
        """Say what there is to be made, where that is more than one thing."""
        origins = {name: self._origin(name) for tool in tools for name in _origins(tool)}
        ahead = [origin for origin in origins.values() if not self._cache.directory(origin).is_dir()]
        if len(ahead) > 1:
            names = ", ".join(origin.name for origin in ahead)
            self._console.print(f"To be made, once: {names} ({len(ahead)} in all)", highlight=False, soft_wrap=True)

    def _resolved(self, tool: Tool, *, build: bool) -> Path:
        own = self._own(tool)
        if own is not None:
            return own
        if not tool.origin:
            raise ToolchainError(str(self.missing(tool.name)))
        return self._built(tool, build=build)

    def _own(self, tool: Tool) -> Path | None:
        """Return the user's own tool, if there is one and its version fits."""
        if tool.plugin:
            return self.plugin(tool.plugin)
        found = shutil.which(tool.name, path=self._path)
        if found is None or not all(Path(found).with_name(name).exists() for name in tool.beside):
            return None
        return Path(found) if tried(tool, Path(found)).fits else None

    def _built(self, tool: Tool, *, build: bool) -> Path:
        directories = [self._made(origin, tool, build=build) for origin in map(self._origin, _origins(tool))]
        for name in tool.beside:
            self._lay_beside(directories[0], directories[-1] / name)
        return directories[0] / tool.built_as

    def _made(self, origin: Origin, tool: Tool, *, build: bool) -> Path:
        if build:
            return self._cache.ensure(origin, self._why(tool), self._console)
        directory = self._cache.directory(origin)
        if not directory.is_dir():
            command = "make up" if tool.name in UP_TOOLS else f"python -m sandbox tool {tool.name}"
            raise ToolchainError(f"{tool.name} is not there yet: `{command}` sees to it")
        return directory

    def _origin(self, name: str) -> Origin:
        if name in PACKAGES:
            return FetchedPackage(PACKAGES[name], self._path)
        return BuiltModule(MODULES[name], self._sources, self._go)

    def _lay_beside(self, directory: Path, program: Path) -> None:
        """Link a program into a directory: a language host that lies elsewhere earns a warning at every run."""
        link = directory / program.name
        if not link.is_symlink() or link.readlink() != program:
            link.unlink(missing_ok=True)
            link.symlink_to(program)

    def _why(self, tool: Tool) -> str:
        if tool.plugin:
            return f"no {tool.plugin} in {self._plugins}"
        if shutil.which(tool.name, path=self._path) is None:
            return f"no {tool.name} on PATH"
        return f"the {tool.name} on PATH does not fit: {tool.fits} is needed"

    @cached_property
    def _go(self) -> Go:
        return Go.find(self._path)


def _origins(tool: Tool) -> tuple[str, ...]:
    """Return what a tool is made of: nothing for one that is only ever the user's own."""
    return tuple(filter(None, (tool.origin, "language" if tool.beside else "")))


def _known(tool: str) -> Tool:
    if tool not in TOOLS:
        raise ToolchainError(f"there is no tool {tool!r}; there are {', '.join(TOOLS)}")
    return TOOLS[tool]


def _default_cache() -> Path:
    override = os.environ.get("TELEMETRY_SANDBOX_CACHE")
    return Path(override) if override else Path.home() / ".cache" / "telemetry-sandbox"
