"""Checks names in an archive or a manifest: plain files below its top, so that nothing leads out of it."""

import tarfile
from collections.abc import Iterable
from pathlib import Path

from telemetry.operations.bundle.errors import BundleError


def refused_name(name: str) -> str | None:
    """Return why a name is not one of a file below a folder; None if it is."""
    if name.startswith("/") or "\\" in name or name[1:2] == ":":
        return "is an absolute name, or one of another system"
    if not name.isprintable():
        return "has characters that cannot be printed in its name"
    parts = name.split("/")
    if ".." in parts:
        return "leads out of it (..)"
    return "is no plain name" if "" in parts or "." in parts else None


def refused_member(member: tarfile.TarInfo) -> str | None:
    """Return why a member of an archive is not taken; None if it is a file or a folder with a plain name."""
    if member.issym() or member.islnk():
        return f"is a link (to {member.linkname})"
    if not (member.isreg() or member.isdir()):
        return "is neither a file nor a folder, such as a device"
    return refused_name(member.name)


def inside(folder: Path, paths: Iterable[Path]) -> list[Path]:
    """Return paths that are packed; one that leads out of the folder is refused.

    Raises:
        BundleError: a link leads elsewhere.
    """
    top, found = folder.resolve(), list(paths)
    for path in found:
        if not path.resolve().is_relative_to(top):
            raise BundleError(f"{path}: is a link that leads out of {folder}; put the file itself there")
    return found
