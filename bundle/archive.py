"""Archives of which the same content always makes the same bytes: sorted, without times, owners or other modes."""

import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

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
    """Write all files of a folder into a `.tar.gz`, below a folder of a name."""
    files = {f"{below}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    pack(files, archive)


def settle(folder: Path) -> None:
    """Give all files and folders below a folder the same time and plain modes."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (EPOCH, EPOCH))


def text_in(archive: Path, name: str) -> str | None:
    """Return the text of a file in a `.tar.gz`; None if it is not there.

    Raises:
        OSError, tarfile.TarError, UnicodeDecodeError: it cannot be read.
    """
    with tarfile.open(archive) as tar:
        try:
            stream = tar.extractfile(name)
        except KeyError:
            return None
        return io.TextIOWrapper(stream, encoding="utf-8").read() if stream else None


def names_in(archive: Path) -> list[str]:
    """Return the names of all that is in a `.tar.gz`.

    Raises:
        OSError, tarfile.TarError: it cannot be read.
    """
    with tarfile.open(archive) as tar:
        return tar.getnames()


def _member(name: str, path: Path) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    state = path.stat()
    member.size, member.mtime = state.st_size, EPOCH
    member.mode = 0o755 if state.st_mode & 0o100 else 0o644
    return member
