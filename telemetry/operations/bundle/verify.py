"""Verifies a bundle: finds files that were changed, are missing or do not belong to it."""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from telemetry.operations.bundle import manifest
from telemetry.operations.bundle.entries import refused_member
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.manifest import NAME, SUMS, File, Manifest, described, files_below, sha256_of

SUFFIX = ".sha256"
_LARGEST_TEXT = 64 << 20
"""Bytes of a manifest; one of a thousand files has a quarter of a megabyte."""


class BundleFinding(NamedTuple):
    """A file that is not as it should be."""

    file: str
    what: str


class Verified(NamedTuple):
    """What was looked at, and what is wrong with it."""

    manifest: Manifest | None
    """None where it is itself not as it was: then nothing that it says counts."""
    findings: list[BundleFinding]


def verify(bundle: Path, sha256: str | None = None) -> Verified:
    """Hold every byte of a bundle, a folder or a `.tar.gz`, against its manifest.

    Args:
        bundle: where it is.
        sha256: what came another way: the digest of manifest.json, or of the archive.

    Raises:
        BundleError: there is no bundle.
    """
    if bundle.is_dir():
        return _folder(bundle, sha256)
    if bundle.is_file():
        return _archive(bundle, sha256)
    raise BundleError(f"{bundle}: is neither a folder nor an archive; name what `make bundle` has written")


def _folder(bundle: Path, sha256: str | None) -> Verified:
    contents: dict[str, File | None] = {}
    for path in files_below(bundle):
        regular = path.is_file() and not path.is_symlink()
        contents[path.relative_to(bundle).as_posix()] = described(path) if regular else None
    control_files = {name: (bundle / name).read_bytes() for name in (NAME, SUMS) if contents.get(name)}
    if not control_files:
        raise BundleError(f"{bundle}: there is no {NAME} in it; name what `make bundle` has written")
    return _compared(contents, control_files, sha256)


def _archive(bundle: Path, sha256: str | None) -> Verified:
    """Compare an archive's own digest as well: its compression has bits that change nothing of what is in it."""
    whole = list(_whole(bundle, sha256))
    contents: dict[str, File | None] = {}
    control_files: dict[str, bytes] = {}
    refused: list[BundleFinding] = []
    try:
        with tarfile.open(bundle, "r:gz") as tar:
            for member in tar:
                refused += [BundleFinding(member.name, f"refused: {why}")] if (why := refused_member(member)) else []
                if not refused:  # else nothing of it is read any more
                    contents[member.name] = None if member.name in contents else _read(tar, member, control_files)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        last = f" in or after {list(contents)[-1]}" if contents else ""
        refused.append(BundleFinding(bundle.name, f"cannot be read{last}: {error}"))
    if refused:
        return Verified(None, [*whole, *refused])
    inner = _compared(contents, control_files, None)
    return inner._replace(findings=[*whole, *inner.findings])


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo, control_files: dict[str, bytes]) -> File | None:
    """Return what a member is, None if it is no file; what the manifest is made of is kept in `control_files`."""
    stream = tar.extractfile(member) if member.isreg() else None
    if stream is None:
        return None
    if member.name in (NAME, SUMS):
        if member.size > _LARGEST_TEXT:
            return None
        control_files[member.name] = stream.read()
        stream.seek(0)
    size, digest = sha256_of(stream)  # type: ignore[arg-type]
    return File(size=size, sha256=digest, executable=bool(member.mode & 0o100))


def _whole(archive: Path, sha256: str | None) -> Iterator[BundleFinding]:
    """Yield what is wrong with an archive as a file."""
    with archive.open("rb") as stream:
        _, found = sha256_of(stream)
    beside = archive.with_name(archive.name + SUFFIX)
    if sha256 is not None:
        if found != sha256.lower():
            yield BundleFinding(archive.name, "changed: its digest is not the one that was given")
    elif not beside.is_file():
        yield BundleFinding(
            beside.name, "missing; where it got lost, give the digest that was told another way (--sha256)"
        )
    elif beside.read_bytes() != f"{found}  {archive.name}\n".encode():
        yield BundleFinding(archive.name, f"changed: its digest is not that in {beside.name}")


def _compared(contents: dict[str, File | None], control_files: dict[str, bytes], sha256: str | None) -> Verified:
    """Compare what is there with what the manifest says; where that is not as it was, nothing else can be told."""
    if NAME not in control_files or SUMS not in control_files:
        return Verified(None, [BundleFinding(name, "missing") for name in (NAME, SUMS) if name not in control_files])
    text = control_files[NAME].decode(errors="replace")
    found_digest = manifest.digest(text)
    if sha256 is not None and found_digest != sha256.lower():
        return Verified(None, [BundleFinding(NAME, "changed: its digest is not the one that was given")])
    if f"{found_digest}  {NAME}\n".encode() not in control_files[SUMS]:
        return Verified(None, [BundleFinding(NAME, f"changed: its digest is not the one in {SUMS}")])
    seen = manifest.read(text)
    listed = seen.files
    found = {name: file for name, file in contents.items() if name not in (NAME, SUMS)}
    findings = (
        []
        if control_files[SUMS] == manifest.sums(seen).encode()
        else [BundleFinding(SUMS, f"changed: is not what {NAME} says")]
    )
    findings += [
        BundleFinding(name, what) for name in sorted({*listed, *found}) if (what := _wrong(name, listed, found))
    ]
    return Verified(seen, findings)


def _wrong(name: str, listed: dict[str, File], found: dict[str, File | None]) -> str | None:
    if name not in listed:
        emptied = any(each.startswith(f"{name}/") for each in listed)  # what is missing in it is said
        return None if emptied else "additional"
    if name not in found:
        return "missing"
    there, file = found[name], listed[name]
    if there is None:
        return "changed: is no plain file, or is there twice"
    if there.size != file.size:
        return f"changed: has {there.size} bytes, not {file.size}"
    if there.sha256 != file.sha256:
        return "changed: its content is another"
    return "changed: may be run or may not, other than before" if there.executable != file.executable else None
