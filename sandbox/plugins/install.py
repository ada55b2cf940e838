"""Not a stand-in itself: puts the provider plugins where the engine looks, real ones where they can be had."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from sandbox.toolchain.catalog import KUBERNETES_PLUGIN

Kind = Literal["real", "stand-in"]

_PACKAGES: Final = {"aws": "pulumi-aws", "grafana": "pulumiverse-grafana", "kubernetes": "pulumi-kubernetes"}
_BUILT: Final = {"kubernetes": KUBERNETES_PLUGIN}
# -P: the working directory is the user's project and must not be searched for modules.
# Bytecode is kept whatever the user's shell says: without it every start compiles the SDK's messages again.
_SHEBANG: Final = b"#!/bin/sh"
_LAUNCHER: Final = """\
#!/bin/sh
unset PYTHONDONTWRITEBYTECODE
export PYTHONPATH={repo} TELEMETRY_PLUGIN_VERSION={version}
exec {python} -P -m sandbox.plugins.{name} "$@"
"""


def install(pulumi_home: Path, toolchain: Toolchain) -> dict[str, Kind]:
    """Fill `pulumi_home` (`$PULUMI_HOME`) with a plugin of each provider in the version of its installed SDK.

    The user's own plugins come first, then what the toolchain has built, then stand-ins, which run on this Python.
    What is there from an earlier call is replaced. Returns what each provider is.
    """
    used: dict[str, Kind] = {}
    for name, sdk in _PACKAGES.items():
        version = metadata.version(sdk)
        target = pulumi_home / "plugins" / f"resource-{name}-v{version}"
        _remove(target)
        target.mkdir(parents=True)
        real = toolchain.path(_BUILT[name]) if name in _BUILT else toolchain.plugin(target.name)
        if real is None:
            _write_launcher(target / f"pulumi-resource-{name}", name, version)
        else:
            _link_files(real.parent, target)
        used[name] = "stand-in" if real is None else "real"
    return used


def installed(pulumi_home: Path) -> dict[str, Kind]:
    """Return what each provider is that an earlier call has put there."""
    found: dict[str, Kind] = {}
    for name, sdk in _PACKAGES.items():
        program = pulumi_home / "plugins" / f"resource-{name}-v{metadata.version(sdk)}" / f"pulumi-resource-{name}"
        if program.exists():
            with program.open("rb") as file:
                found[name] = "stand-in" if file.read(len(_SHEBANG)) == _SHEBANG else "real"
    return found


def _link_files(folder: Path, target: Path) -> None:
    """Link or copy a plugin file by file: the engine does not see a plugin whose folder is a symbolic link."""
    for file in filter(Path.is_file, folder.iterdir()):
        try:
            os.link(file.resolve(), target / file.name)
        except OSError:  # another file system
            shutil.copy2(file, target)


def _write_launcher(launcher: Path, name: str, version: str) -> None:
    paths = {"repo": shlex.quote(str(REPO.resolve())), "python": shlex.quote(str(Path(sys.executable).absolute()))}
    launcher.write_text(_LAUNCHER.format(name=name, version=version, **paths))
    launcher.chmod(0o755)


def _remove(target: Path) -> None:
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
