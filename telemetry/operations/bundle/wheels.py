"""The Python packages, as pip has them."""

import platform
import subprocess
import sys
from pathlib import Path

from telemetry.operations.bundle.errors import BundleError

FOLDER = "wheels"
_SHOWN = 5


def download(requirements: Path, constraints: Path, folder: Path) -> None:
    """Bring the wheel of every package into a folder, as this Python would install it.

    pip's own variables hold, such as PIP_INDEX_URL, or PIP_FIND_LINKS with PIP_NO_INDEX.

    Raises:
        BundleError: pip cannot have one.
    """
    line = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    line += ["--only-binary=:all:", "-r", str(requirements), "-c", str(constraints), "-d", str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-_SHOWN:])
        raise BundleError(f"the wheels of {requirements.name} cannot be had:\n{said}")


def made_for() -> str:
    """Return what the wheels are for."""
    version = platform.python_version_tuple()
    return f"{platform.python_implementation()} {version[0]}.{version[1]} on {platform.system()} {platform.machine()}"


def name_and_version(wheel: str) -> tuple[str, str]:
    """Return what a wheel's file name says (binary distribution format, 'File name convention')."""
    name, version, *_ = wheel.removesuffix(".whl").split("-")
    return name.replace("_", "-").lower(), version
