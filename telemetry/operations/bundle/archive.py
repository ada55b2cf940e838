"""Archives of which the same content always makes the same bytes: sorted, without times, owners or other modes."""

import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

from telemetry.operations.bundle.entries import inside, refused_member

EPOCH = 315_532_800
"""The time of everything in a bundle, 1980-01-01: the earliest that every format of archives can hold."""
_LEVEL = 6


def pack(files: Mapping[str, Path], archive: Path) -> None:
    """Write files, by their names in it, into a `.tar.gz`."""
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:  # noqa: SIM117
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, path in sorted(files.items()):
                with path.open("rb") as stream:
                    tar.addfile(_member(name, path), stream)


def pack_folder(folder: Path, archive: Path, *, below: str) -> None:
    """Write all files of a folder into a `.tar.gz`, below a folder of a name.

    Raises:
        BundleError: a link leads out of the folder.
    """
    paths = inside(folder, (path for path in folder.rglob("*") if path.is_file()))
    pack({f"{below}/{path.relative_to(folder).as_posix()}": path for path in paths}, archive)


def settle(folder: Path) -> None:
    """Give all files and folders below a folder the same time and plain modes."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (EPOCH, EPOCH))


def contents(archive: Path, name: str) -> tuple[str | None, list[str]]:
    """Return the text of a file in a `.tar.gz`, None if it is not there, and the names of all that is in it.

    Raises:
        OSError, tarfile.TarError, UnicodeDecodeError: it cannot be read, or something in it is not to be unpacked.
    """
    with tarfile.open(archive) as tar:
        for member in tar:
            if why := refused_member(member):
                raise tarfile.ExtractError(f"{member.name} {why}")
        names = tar.getnames()
        stream = tar.extractfile(name) if name in names else None
        return (io.TextIOWrapper(stream, encoding="utf-8").read() if stream else None), names


def _member(name: str, path: Path) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    state = path.stat()
    member.size, member.mtime = state.st_size, EPOCH
    member.mode = 0o755 if state.st_mode & 0o100 else 0o644
    return member
