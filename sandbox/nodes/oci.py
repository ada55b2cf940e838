"""Images in the form of the Open Container Initiative: one layer, a configuration and a manifest, as blobs."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Contents:
    """What an image holds, and how it is run.

    ``files`` are copied, ``texts`` are written: scripts, if they begin with #!.
    """

    entrypoint: Sequence[str]
    user: int
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    folders: Sequence[str] = ()


def write(contents: Contents, blobs: Path) -> str:
    """Write an image's blobs, each named after its digest, and return the manifest's digest."""
    blobs.mkdir(parents=True, exist_ok=True)
    layer, size = _layer(contents, blobs)
    config = _put(
        blobs,
        {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": {
                "User": str(contents.user),
                "Entrypoint": list(contents.entrypoint),
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "WorkingDir": "/",
            },
            "rootfs": {"type": "layers", "diff_ids": [layer]},
        },
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": _CONFIG, "digest": config[0], "size": config[1]},
        "layers": [{"mediaType": _LAYER, "digest": layer, "size": size}],
    }
    return _put(blobs, manifest)[0]


def _layer(contents: Contents, blobs: Path) -> tuple[str, int]:
    draft = blobs / "draft"
    with tarfile.open(draft, "w", format=tarfile.GNU_FORMAT) as archive:
        for name in contents.folders:
            archive.addfile(_entry(name, tarfile.DIRTYPE, 0o777))
        for name, target in contents.links.items():
            entry = _entry(name, tarfile.SYMTYPE, 0o777)
            entry.linkname = target
            archive.addfile(entry)
        for name, text in contents.texts.items():
            data = text.encode()
            entry = _entry(name, tarfile.REGTYPE, 0o755 if text.startswith("#!") else 0o644)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name, path in contents.files.items():
            entry = _entry(name, tarfile.REGTYPE, 0o755)
            entry.size = path.stat().st_size
            with path.open("rb") as stream:
                archive.addfile(entry, stream)
    with draft.open("rb") as stream:
        digest = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    size = draft.stat().st_size
    draft.replace(blobs / digest)
    return digest, size


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    """Return an entry that is the same on every machine: root's, and of no date."""
    entry = tarfile.TarInfo(name.lstrip("/"))
    entry.type, entry.mode = kind, mode
    return entry


def _put(blobs: Path, document: object) -> tuple[str, int]:
    data = json.dumps(document, sort_keys=True).encode()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    (blobs / digest).write_bytes(data)
    return digest, len(data)
