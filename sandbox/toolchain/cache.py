"""The cache of built modules: one directory per module and key, complete as soon as it has its name."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from sandbox.toolchain.catalog import TOOLS, Module
from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.go import BUILD_FLAGS, Go, GoFailedError
from sandbox.toolchain.progress import Build, shown


class Cache:
    """Builds modules and keeps what was built."""

    def __init__(self, directory: Path, sources: Path, go: Go) -> None:
        self._directory = directory
        self._sources = sources
        self._go = go

    def directory(self, module: Module) -> Path:
        """Return where this build of a module is or would be."""
        return self._directory / f"{module.name}-{self.key(module)}"

    def key(self, module: Module) -> str:
        """Identify a build by all that goes into it; a changed pin, flag, script or Go gives another one."""
        parts = [json.dumps([self._go.version, self._go.platform, BUILD_FLAGS, module.scripts])]
        parts += [self._source(module, name) for name in ("go.mod", "go.sum")]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(hashlib.sha256(part.encode()).digest())
        return digest.hexdigest()[:16]

    def ensure(self, module: Module, why: str, console: Console) -> Path:
        """Return the directory of a built module, built now if need be. A second process waits for the first."""
        target = self.directory(module)
        if target.is_dir():
            return target
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._directory / f"{module.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            console.print(f"{module.name}: another process is building it, waiting …", highlight=False)
            lock.acquire()
        try:
            if not target.is_dir():
                self._build(module, target, why, console)
        finally:
            lock.release()
        return target

    def _build(self, module: Module, target: Path, why: str, console: Console) -> None:
        for left in self._directory.glob(f".{module.name}-*"):  # of a build that was killed
            shutil.rmtree(left, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{module.name}-", dir=self._directory))
        folder = self._sources / module.name
        try:
            with shown(console, f"building {module.name} ({module.what}; {why})") as build:
                self._compile(module, folder, draft, build)
            draft.chmod(0o755)
            draft.replace(target)
        except GoFailedError as error:
            raise ToolchainError(_failure(module, folder, error)) from error
        except OSError as error:
            raise ToolchainError(f"building {module.name} failed: {error}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _compile(self, module: Module, folder: Path, draft: Path, build: Build) -> None:
        build.note("looking at its packages")
        build.total(self._go.stale(folder, build.note))
        self._go.build(folder, draft, lambda line: _heard(line, build))
        for source, path in module.scripts:
            script = shutil.copy(self._go.module_file(source, path, draft), draft)
            Path(script).chmod(0o755)
        missing = [tool.built_as for tool in TOOLS.values() if tool.module == module.name]
        missing = [name for name in missing if not os.access(draft / name, os.X_OK)]
        if missing:
            raise ToolchainError(f"building {module.name} did not make {', '.join(missing)}: see {folder}/go.mod")

    def _source(self, module: Module, name: str) -> str:
        try:
            return (self._sources / module.name / name).read_text()
        except OSError as error:
            raise ToolchainError(f"{module.name} cannot be built: {error}") from error


def _heard(line: str, build: Build) -> None:
    """`go build -v` names each package that it compiles; everything else it says has blanks in it."""
    if " " in line or not line:
        build.note(line)
    else:
        build.compiled(line)


def _failure(module: Module, folder: Path, error: GoFailedError) -> str:
    tools = ", ".join(tool.name for tool in TOOLS.values() if tool.module == module.name) or module.what
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
