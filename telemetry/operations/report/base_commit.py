"""Reads what another commit would deploy, where no cluster can be asked."""

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from telemetry.clients.cli_tools import ToolError
from telemetry.config.project import PROJECT
from telemetry.releases import DeployedRelease

_PROGRAMS = ("telemetry", "commands")
"""What the program's commands are called, newest name first: older commits know only an older one."""


@contextmanager
def checked_out(ref: str, project: Path = PROJECT) -> Iterator[Path]:
    """Yield a folder with the files of a commit; the repository itself is left alone.

    Raises:
        ToolError: there is no such commit here, or it has links that lead out of it.
    """
    archive = _run(["git", "archive", "--format=tar", ref], project)
    if archive.returncode != 0:
        raise ToolError(f"git: {ref} is no commit here ({archive.stderr.decode().strip()}); name one with --base")
    with TemporaryDirectory(prefix="telemetry-base-") as folder:
        try:
            with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
                files.extractall(folder, filter="data")
        except tarfile.TarError as error:  # a link that leads out of the project
            raise ToolError(f"git: {ref} cannot be unpacked ({error}); name another commit with --base") from error
        yield Path(folder)


def releases(folder: Path, stack: str, config_file: Path | None) -> list[DeployedRelease] | None:
    """Return the releases that a checked-out commit would deploy; None if it is too old to say.

    Raises:
        ToolError: its settings cannot be used.
    """
    config = ["--config-file", str(config_file.absolute())] if config_file else []
    for program in _PROGRAMS:
        done = _run([sys.executable, "-m", program, "values", stack, *config], folder)
        if not done.stderr.decode().strip().endswith(f"No module named {program}"):
            break
    if done.returncode == 0:
        found: list[DeployedRelease] = json.loads(done.stdout)
        return found
    said = done.stderr.decode().strip()
    if "No such command" in said or "No module named" in said:
        return None
    raise ToolError(f"the base's own settings of {stack} cannot be used:\n{said}")


def default_base(project: Path = PROJECT) -> str:
    """Return the previous commit: the last one while there are edits since, else the one before it."""
    edited = _run(["git", "status", "--porcelain", "--untracked-files=no"], project).stdout.strip()
    return "HEAD" if edited else "HEAD~1"


def _run(line: Sequence[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(line, cwd=folder, capture_output=True, check=False)
    except OSError as error:
        raise ToolError(f"{line[0]}: cannot be run ({error.strerror})") from error
