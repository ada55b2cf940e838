"""Tools that are fetched with a package of Debian or Ubuntu: without root, and without a trace in the system.

apt works with the system's sources and keys, but on lists and a cache of its own; the package is unpacked, not
installed. What it needs beside itself (shared libraries) has to be there: it is tried before it is kept.
"""

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.toolchain.catalog import TOOLS, Package, Tool
from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.progress import Build
from sandbox.toolchain.trial import tried

_SHOWN = 8
# Hooks of the system would clean up and refresh what is the system's.
_CONFIGURATION = """\
Dir::State "{work}/state";
Dir::Cache "{work}/cache";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


_WRAPPER = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$(echo "$here"/usr/lib/*-linux-gnu*) exec "$here/{program}" "$@"
"""


@dataclass(frozen=True)
class FetchedPackage:
    """The origin of tools (cache.Origin) that come with a package."""

    package: Package
    path: str
    doing = "fetching"

    @property
    def name(self) -> str:
        """The package's name."""
        return self.package.name

    @property
    def what(self) -> str:
        """What it is, for the user."""
        return self.package.what

    def key(self) -> str:
        """Identify the system by its release: a package is linked with that release's libraries."""
        try:
            release = platform.freedesktop_os_release()
        except OSError:
            release = {}
        system = (release.get("ID", "unknown"), release.get("VERSION_ID", "rolling"), platform.machine())
        return "-".join((*system, *self.package.parts))

    def make(self, draft: Path, build: Build) -> None:
        """Fetch the package and unpack it into a directory."""
        apt, unpacker = self._command("apt-get"), self._command("dpkg-deb")
        with tempfile.TemporaryDirectory(dir=draft) as directory:
            work = Path(directory)
            for folder in ("state/lists/partial", "cache/archives/partial"):  # apt makes only some of these itself
                (work / folder).mkdir(parents=True)
            configuration = work / "apt.conf"
            configuration.write_text(_CONFIGURATION.format(work=work))
            # One source of several that does not answer is no failure, if another one has the package.
            build.note("looking for it")
            looked = self._run([apt, "-c", str(configuration), "update"], work)
            build.note("downloading it")
            fetched = self._run([apt, "-c", str(configuration), "download", self.name, *self.package.parts], work)
            archives = list(work.glob("*.deb"))
            if fetched.returncode != 0 or not archives:
                raise self._error("it could not be had", looked.stderr + fetched.stderr)
            for archive in archives:
                unpacked = self._run([unpacker, "-x", str(archive), str(draft)], work)
                if unpacked.returncode != 0:
                    raise self._error("it could not be unpacked", unpacked.stderr)
        if self.package.wrapped:
            _wrap(draft, self.package.wrapped)
        for tool in self._tools():
            trial = tried(tool, draft / tool.built_as)
            if not trial.fits:
                raise self._error(f"this system's {tool.name} does not fit", trial.said)

    def _tools(self) -> list[Tool]:
        return [tool for tool in TOOLS.values() if tool.origin == self.name]

    def _command(self, name: str) -> str:
        found = shutil.which(name, path=self.path)
        if found is None:
            raise self._error(f"there is no {name} here, as Debian and Ubuntu have it", "")
        return found

    def _run(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def _error(self, why: str, said: str) -> ToolchainError:
        needed = " and ".join(f"{tool.name} ({tool.fits})" for tool in self._tools())
        words = "".join(f"\n  | {line}" for line in said.splitlines()[-_SHOWN:])
        return ToolchainError(
            f"fetching the package {self.name} failed: {why}{words}\n  Install {needed} yourself (with "
            "the system's package manager), so that it is on PATH, and run the command again."
        )


def _wrap(directory: Path, program: str) -> None:
    """Put a script on top of the directory that runs a program with the libraries beside it."""
    script = directory / Path(program).name
    script.write_text(_WRAPPER.format(program=program))
    script.chmod(0o755)
