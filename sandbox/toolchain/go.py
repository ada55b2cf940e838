"""Calls of the Go command, and what the user is told when one fails."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import psutil
from packaging.version import InvalidVersion, Version

from sandbox.toolchain.catalog import KUBERNETES_VERSION, MINIMUM_GO, PROVIDER_VERSION, PULUMI_VERSION
from sandbox.toolchain.errors import ToolchainError

# The API server has to know its version, or Helm refuses every chart that states a kubeVersion.
LDFLAGS = " ".join(
    [
        "-s -w",
        f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI_VERSION}",
        f"-X k8s.io/component-base/version.gitVersion=v{KUBERNETES_VERSION}",
        f"-X k8s.io/component-base/version.gitMajor={KUBERNETES_VERSION.split('.')[0]}",
        f"-X k8s.io/component-base/version.gitMinor={KUBERNETES_VERSION.split('.')[1]}",
        f"-X github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version={PROVIDER_VERSION}",
    ]
)
# Debug information is stripped from the binaries anyway; not to make it saves a third of the compiler's time.
_COMPILE = "-dwarf=false"
BUILD_FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly", f"-gcflags=all={_COMPILE}", "-ldflags", LDFLAGS)
_AMPLE_BYTES = 8 << 30
_RARE_COLLECTION = "800"
_SHOWN = 15
_INSTALL = f"install Go {MINIMUM_GO} or newer (https://go.dev/dl) and run the command again"


@dataclass(frozen=True)
class Go:
    """The Go command of this machine."""

    command: str
    version: str
    platform: str

    @classmethod
    def find(cls, path: str) -> "Go":
        """Return the Go command on ``path``. Raises ToolchainError when there is none or it is too old."""
        command = shutil.which("go", path=path)
        if command is None:
            raise ToolchainError(f"the sandbox's tools are built with Go, and there is no `go` on PATH: {_INSTALL}")
        ran = _run([command, "env", "GOVERSION", "GOOS", "GOARCH"], Path.cwd())
        words = ran.stdout.split()
        try:
            version = Version(words[0].removeprefix("go"))
        except (IndexError, InvalidVersion):
            problem = (ran.stderr or ran.stdout).strip()
            raise ToolchainError(f"`{command} env` does not tell its version ({problem}): {_INSTALL}") from None
        if version < MINIMUM_GO:
            raise ToolchainError(f"{command} is Go {version}, the sandbox's tools need {MINIMUM_GO}: {_INSTALL}")
        return cls(command, words[0], "/".join(words[1:]))

    def stale(self, folder: Path, flags: Sequence[str], heard: Callable[[str], None]) -> int:
        """Return how many packages a build of the module would compile; fetches modules that are missing."""
        template = "{{if .Stale}}{{.ImportPath}}{{end}}"
        listed = self._stream(["list", *flags, "-deps", "-f", template, "tool"], folder, heard)
        return len([line for line in listed.splitlines() if line])

    def build(self, folder: Path, target: Path, flags: Sequence[str], heard: Callable[[str], None]) -> None:
        """Build the module's tools into a directory; ``heard`` is told the name of each compiled package."""
        self._stream(["build", "-v", *flags, "-o", f"{target}{os.sep}", "tool"], folder, heard)

    def module_file(self, module: str, path: str, folder: Path) -> Path:
        """Return a file of a module (``path@version``) in Go's module cache, fetched if it is not there."""
        out = self._stream(["mod", "download", "-json", module], folder, lambda _: None)
        found = next((line.split('"')[3] for line in out.splitlines() if line.strip().startswith('"Dir"')), None)
        if found is None or not (Path(found) / path).is_file():
            raise ToolchainError(f"the Go module {module} has no file {path}; remove it (`go clean -modcache`)")
        return Path(found) / path

    def _stream(self, arguments: Sequence[str], folder: Path, heard: Callable[[str], None]) -> str:
        """Run Go, pass on each line of its standard error, and return its standard output."""
        lines: list[str] = []
        with subprocess.Popen(
            [self.command, *arguments],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            try:
                out = _drain(process, lines, heard)
            except BaseException:
                process.kill()  # Ctrl-C: what was compiled so far stays in Go's own cache
                raise
        if process.returncode != 0:
            raise GoFailedError(arguments[0], process.returncode, lines)
        return out


class GoFailedError(Exception):
    """Go said no; the caller knows which tool was to be built."""

    def __init__(self, what: str, status: int, lines: Sequence[str]) -> None:
        said = "\n".join(f"  | {line}" for line in lines[-_SHOWN:]) or "  | (nothing)"
        super().__init__(f"`go {what}` ended with {status}, and its last words were\n{said}")
        self.lines = list(lines)


def _drain(process: subprocess.Popen[str], lines: list[str], heard: Callable[[str], None]) -> str:
    """Read both pipes to their end without one filling up while the other is read."""
    assert process.stdout is not None and process.stderr is not None  # noqa: S101 (PIPE was asked for)
    out: list[str] = []
    reader = Thread(target=lambda stream: out.append(stream.read()), args=(process.stdout,), daemon=True)
    reader.start()
    for line in process.stderr:
        lines.append(line.rstrip())
        heard(lines[-1])
    reader.join()
    process.wait()
    return "".join(out)


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)


def _environment() -> dict[str, str]:
    """Keep the user's flags out of our builds, and Go from fetching another Go.

    Where there is memory for it, the compiler collects garbage less often, which saves a fifth of its time.
    """
    ample = psutil.virtual_memory().available > _AMPLE_BYTES
    collection = {"GOGC": _RARE_COLLECTION} if ample and "GOGC" not in os.environ else {}
    return {**os.environ, **collection, "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def without_optimisation(packages: str) -> str:
    """Return the flag that compiles packages (a pattern) as fast as can be."""
    return f"-gcflags={packages}={_COMPILE} -N -l"
