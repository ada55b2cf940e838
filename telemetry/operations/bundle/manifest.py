"""What a bundle holds: each file with its size and digest, and what they are.

`manifest.json` names every file but itself and `SHA256SUMS`, which has the digests of the manifest and of all that it
names, for `sha256sum --check` where there is nothing else yet. Together they tell of any byte that is not as it was.
They do not tell who wrote them: that takes the manifest's digest, told another way.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from telemetry.operations.bundle.entries import refused_name
from telemetry.operations.bundle.errors import BundleError

NAME = "manifest.json"
SUMS = "SHA256SUMS"
SCHEMA_VERSION = 1
_CHUNK = 1 << 20


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Part):
    """One file."""

    size: int
    """Bytes."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    executable: bool = False


class Chart(_Part):
    """A chart, as it was released."""

    name: str
    version: str
    app_version: str | None = None
    source: str
    """The repository or reference that it came from."""
    file: str
    locked: bool
    """Whether its digest stands in the lock; a folder of the project has none, the project's revision fixes it."""
    subcharts: list[str] = Field(default_factory=list)
    """`name version`, as its Chart.yaml says."""


class Image(_Part):
    """An image that a rendered release names."""

    image: str
    """As the release names it."""
    digest: str | None
    """Of the manifest, or of the index of manifests per platform; None where no registry could be asked."""
    releases: list[str]


class Program(_Part):
    """Something that is run: the engine, a language host, helm, a provider's plugin."""

    name: str
    version: str
    folder: str


class Manifest(_Part):
    """A whole bundle."""

    schema_version: int = SCHEMA_VERSION
    stack: str
    revision: str
    """The commit of the program, with `-dirty` behind it if there were edits."""
    python: str
    """The version of Python and the platform that the wheels are for."""
    charts: list[Chart]
    images: list[Image]
    programs: list[Program]
    files: dict[str, File]

    def text(self) -> str:
        """Return it as it is written."""
        return json.dumps(self.model_dump(), indent=1, sort_keys=True) + "\n"


def read(text: str) -> Manifest:
    """Return what a manifest's text says.

    Raises:
        BundleError: it is none, one of another program's version, or it names what is not in a bundle.
    """
    try:
        content: Any = json.loads(text)
        version = content["schema_version"]
        if version != SCHEMA_VERSION:
            raise BundleError(f"{NAME}: is of version {version}, and this program reads {SCHEMA_VERSION}; use its own")
        found = Manifest.model_validate(content)
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise BundleError(f"{NAME}: is no manifest of a bundle; make the bundle anew") from error
    for name in (*found.files, *(each.file for each in found.charts), *(each.folder for each in found.programs)):
        if why := refused_name(name):
            raise BundleError(f"{NAME}: names {name!r}, which {why}; do not use this bundle, and find out who made it")
    return found


def sums(manifest: Manifest) -> str:
    """Return what SHA256SUMS holds."""
    about_itself = {NAME: digest(manifest.text())}
    digests = {**{name: file.sha256 for name, file in manifest.files.items()}, **about_itself}
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(digests.items()))


def digest(text: str) -> str:
    """Return the SHA-256 of a manifest's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of(stream: BinaryIO) -> tuple[int, str]:
    """Return the size in bytes and the SHA-256 of what is left of a stream."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def described(path: Path) -> File:
    """Return a file's size, digest and whether it can be run."""
    with path.open("rb") as stream:
        size, sha256 = sha256_of(stream)
    return File(size=size, sha256=sha256, executable=bool(path.stat().st_mode & 0o100))


def files_below(folder: Path) -> Iterator[Path]:
    """Yield whatever is below a folder and is no folder with something in it, sorted, links and empty folders too."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            yield path
