"""The engine, its language host, helm and the providers' plugins, as they are on this machine."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.manifest import Program

BIN = "bin"
PLUGINS = "plugins"
_SDKS = ("pulumi_aws", "pulumi_kubernetes", "pulumiverse_grafana")
_LANGUAGE = ("pulumi-language-python", "pulumi-language-python-exec")
_VERSION_SECONDS = 30


@dataclass(frozen=True)
class Found:
    """A program on this machine: its files, by where a bundle has them."""

    program: Program
    files: dict[str, Path]


def engine() -> Iterator[Found]:
    """Yield Pulumi's engine with its language host for Python, and helm, from PATH.

    Raises:
        BundleError: one is not there.
    """
    pulumi, helm = _on_path("pulumi"), _on_path("helm")
    beside = {name: Path(found) for name in _LANGUAGE if (found := shutil.which(name, path=_near(pulumi)))}
    if len(beside) < len(_LANGUAGE):
        raise BundleError(f"{_LANGUAGE[0]}: is not beside {pulumi}; install Pulumi as its documentation says")
    yield _in_bin("pulumi", _said(pulumi, "version"), {"pulumi": pulumi, **beside})
    yield _in_bin("helm", _said(helm, "version", "--short"), {"helm": helm})


def plugins(home: Path) -> Iterator[Found]:
    """Yield the plugins of the providers whose SDKs the program is installed with.

    Args:
        home: PULUMI_HOME.

    Raises:
        BundleError: one is not there.
    """
    for sdk in _SDKS:
        name, version, server = _plugin_of(sdk)
        folder = home / "plugins" / f"resource-{name}-v{version}"
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        if f"pulumi-resource-{name}" not in files:
            more = f" --server {server}" if server else ""
            raise BundleError(
                f"plugin {name} {version}: is not in {folder.parent}; get it with: "
                f"pulumi plugin install resource {name} {version}{more}"
            )
        where = f"{PLUGINS}/{folder.name}"
        program = Program(name=f"pulumi-resource-{name}", version=version, folder=where)
        yield Found(program, {f"{where}/{inner}": path for inner, path in files.items()})


def home() -> Path:
    """Return PULUMI_HOME."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def _plugin_of(sdk: str) -> tuple[str, str, str | None]:
    """Return the name, the version and at will the server of an SDK's plugin, as it says itself."""
    spec = find_spec(sdk)
    if spec is None or not spec.submodule_search_locations:
        raise BundleError(f"{sdk}: is not installed here; make setup")
    said = json.loads((Path(spec.submodule_search_locations[0]) / "pulumi-plugin.json").read_text())
    return said["name"], str(said["version"]).removeprefix("v"), said.get("server")


def _in_bin(name: str, version: str, files: dict[str, Path]) -> Found:
    return Found(
        Program(name=name, version=version, folder=BIN), {f"{BIN}/{each}": path for each, path in files.items()}
    )


def _on_path(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise BundleError(f"{name}: is not on PATH; install it, or go through the sandbox (make help)")
    return Path(found)


def _near(pulumi: Path) -> str:
    return os.pathsep.join((str(pulumi.parent), str(pulumi.resolve().parent), os.environ.get("PATH", "")))


def _said(program: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=True, timeout=_VERSION_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BundleError(f"{program}: does not say its version ({error})") from error
    return done.stdout.strip().removeprefix("v")
