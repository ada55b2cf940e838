"""Tools that are built from a Go module, and what the user is told when that fails."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.toolchain.catalog import TOOLS, Module
from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.go import BUILD_FLAGS, Go, GoFailedError, without_optimisation
from sandbox.toolchain.progress import Build


@dataclass(frozen=True)
class BuiltModule:
    """The origin of tools (cache.Origin) that Go builds."""

    module: Module
    sources: Path
    go: Go
    doing = "building"

    @property
    def name(self) -> str:
        """The module's name."""
        return self.module.name

    @property
    def what(self) -> str:
        """What it is, for the user."""
        return self.module.what

    def key(self) -> str:
        """Identify a build by all that goes into it; a changed pin, flag, file or Go gives another one."""
        parts = [json.dumps([self.go.version, self.go.platform, self._flags, self.module.files])]
        own = sorted(path.name for path in self._folder.glob("*.go"))
        parts += [self._source(name) for name in ("go.mod", "go.sum", *own)]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(hashlib.sha256(part.encode()).digest())
        return digest.hexdigest()[:16]

    def make(self, draft: Path, build: Build) -> None:
        """Build the module's tools into a directory, with its files beside them."""
        try:
            self._compile(draft, build)
        except GoFailedError as error:
            raise ToolchainError(_failure(self.module, self._folder, error)) from error

    def _compile(self, draft: Path, build: Build) -> None:
        build.note("looking at its packages")
        build.total(self.go.stale(self._folder, self._flags, build.note))
        self.go.build(self._folder, draft, self._flags, lambda line: _heard(line, build))
        for source, path in self.module.files:
            file = Path(shutil.copy(self.go.module_file(source, path, draft), draft))
            file.chmod(0o644 if file.suffix else 0o755)
        missing = [tool.built_as for tool in TOOLS.values() if tool.origin == self.name]
        missing = [name for name in missing if not os.access(draft / name, os.X_OK)]
        if missing:
            raise ToolchainError(f"building {self.name} did not make {', '.join(missing)}: see {self._folder}/go.mod")

    @property
    def _flags(self) -> tuple[str, ...]:
        tags = self.module.tags
        generated = map(without_optimisation, self.module.generated)
        return (*BUILD_FLAGS, *generated, *(("-tags", ",".join(tags)) if tags else ()))

    @property
    def _folder(self) -> Path:
        return self.sources / self.name

    def _source(self, name: str) -> str:
        try:
            return (self._folder / name).read_text()
        except OSError as error:
            raise ToolchainError(f"{self.name} cannot be built: {error}") from error


def _heard(line: str, build: Build) -> None:
    """`go build -v` names each package that it compiles; everything else it says has blanks in it."""
    if " " in line or not line:
        build.note(line)
    else:
        build.compiled(line)


def _failure(module: Module, folder: Path, error: GoFailedError) -> str:
    tools = ", ".join(tool.name for tool in TOOLS.values() if tool.origin == module.name) or module.what
    return (
        f"building {module.name} ({tools}) failed: {error}\n  {_advice(error)} To see all: cd {folder} && go build tool"
    )


def _advice(error: GoFailedError) -> str:
    text = "\n".join(error.lines)
    if "no space left" in text:
        return "The disk is full: make room (a first build needs about 6 GB) and run the command again."
    if any(sign in text for sign in ("dial tcp", "i/o timeout", "no such host", "proxyconnect", "TLS handshake")):
        return "Go modules could not be fetched: check the network, or GOPROXY (`go env GOPROXY`)."
    if "signal: killed" in text:
        return "The compiler was killed, most likely for want of memory: close something and run it again."
    return "What was compiled so far is kept: run the command again to go on."
