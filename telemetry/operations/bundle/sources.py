"""The program itself: the files that Git knows, as they are now."""

import os
import subprocess
from pathlib import Path

from telemetry.operations.bundle import archive
from telemetry.operations.bundle.entries import inside
from telemetry.operations.bundle.errors import BundleError

FILE = "program.tar.gz"


def pack(project: Path, path: Path) -> None:
    """Write the program's files into an archive, below the folder `telemetry`.

    Raises:
        BundleError: the project is no Git checkout, or a link in it leads out of it.
    """
    names = _git(project, "ls-files", "-z").split("\0")
    paths = inside(project, (project / name for name in names if name and (project / name).is_file()))
    archive.pack({f"telemetry/{each.relative_to(project).as_posix()}": each for each in paths}, path)


def revision(project: Path) -> str:
    """Return the commit that is checked out, with `-dirty` behind it where Git's files were edited.

    Raises:
        BundleError: the project is no Git checkout.
    """
    edited = _git(project, "status", "--porcelain", "--untracked-files=no").strip()
    return _git(project, "rev-parse", "HEAD").strip() + ("-dirty" if edited else "")


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, check=True)
        return os.fsdecode(done.stdout)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BundleError("the program's folder is no Git checkout; clone it, and make the bundle there") from error
