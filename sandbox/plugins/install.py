"""Not a stand-in itself: puts the provider plugins where the engine looks, the user's real ones where they exist."""

from __future__ import annotations

import shlex
import shutil
from importlib import metadata
from pathlib import Path
from typing import Final

_PACKAGES: Final = {"aws": "pulumi-aws", "grafana": "pulumiverse-grafana", "kubernetes": "pulumi-kubernetes"}
# -P: the working directory is the user's project and must not be searched for modules.
# Bytecode is kept whatever the user's shell says: without it every start compiles the SDK's messages again.
_LAUNCHER: Final = """\
#!/bin/sh
unset PYTHONDONTWRITEBYTECODE
export PYTHONPATH={repo} TELEMETRY_PLUGIN_VERSION={version}
exec {python} -P -m sandbox.plugins.{name} "$@"
"""


def install(pulumi_home: Path, python: Path, repo: Path, *, real: Path | None = None) -> dict[str, str]:
    """Fill `pulumi_home` (`$PULUMI_HOME`) with a plugin of each provider in the version of its installed SDK.

    `python` runs the stand-ins, with the packages of this environment; `repo` holds `sandbox`; `real` is where the user
    keeps plugins, `~/.pulumi/plugins` by default. What is there from an earlier call is replaced. Returns
    name -> "real" or "stand-in".
    """
    installed = real or Path.home() / ".pulumi" / "plugins"
    used = {}
    for name, sdk in _PACKAGES.items():
        version = metadata.version(sdk)
        target = pulumi_home / "plugins" / f"resource-{name}-v{version}"
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(target)
        theirs = installed / target.name
        if (theirs / f"pulumi-resource-{name}").is_file():
            target.symlink_to(theirs, target_is_directory=True)
            used[name] = "real"
        else:
            _write_launcher(target / f"pulumi-resource-{name}", name, version, python, repo)
            used[name] = "stand-in"
    return used


def _write_launcher(launcher: Path, name: str, version: str, python: Path, repo: Path) -> None:
    launcher.parent.mkdir()
    paths = {"repo": shlex.quote(str(repo.resolve())), "python": shlex.quote(str(python.absolute()))}
    launcher.write_text(_LAUNCHER.format(name=name, version=version, **paths))
    launcher.chmod(0o755)


def _remove(target: Path) -> None:
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
