"""Images of the user's own: archives in the layout of the Open Container Initiative, as registries' tools write them.

`skopeo copy docker://NAME oci-archive:FILE:NAME`, `nerdctl save` and `docker save` do. The layout:
https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import json
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BLOB = re.compile(r"(?:\./)?blobs/(sha256)/([0-9a-f]{64})")
# The first is containerd's, and has the whole name; the second is the specification's, and may have the tag alone.
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_HUB = re.compile(r"^(?:(?:index\.)?docker\.io/)?(?:library/)?")


@dataclass(frozen=True)
class Archive:
    """One image of an archive; ``digest`` is that of its manifest, or of the index of its manifests."""

    path: Path
    digest: str

    @property
    def what(self) -> str:
        """What is in the image, for people."""
        return f"an image of yours ({self.path.name})"

    def put(self, blobs: Path) -> str:
        """Put all blobs of the archive into a folder, each named after its digest, and return the image's."""
        blobs.mkdir(parents=True, exist_ok=True)
        with tarfile.open(self.path) as archive:
            for entry in archive:
                found, content = _BLOB.fullmatch(entry.name), archive.extractfile(entry)
                if found and content:
                    with (blobs / ":".join(found.groups())).open("wb") as blob:
                        shutil.copyfileobj(content, blob)
        return self.digest


def archives(folder: Path) -> dict[str, Archive]:
    """Return the images of a folder's archives by name, as `short` has it.

    Raises:
        ValueError: there is none, or one cannot be used; the message says what to do.
    """
    found = {}
    for path in sorted(folder.glob("*.tar")):
        for image in _listed(path):
            told = image.get("annotations") or {}
            name = next(filter(None, map(told.get, _NAMES)), "")
            if ":" not in name:
                raise ValueError(f"{path}: an image in it has no name and tag; write it again under its whole name")
            found[short(name)] = Archive(path, image["digest"])
    if not found:
        raise ValueError(f"{folder}: there is no archive of an image in it (*.tar)")
    return found


def short(name: str) -> str:
    """Return an image's name without what stands for Docker Hub, which tools may leave out: grafana/tempo:2.10.5."""
    return _HUB.sub("", name)


def _listed(path: Path) -> list[dict[str, Any]]:
    try:
        with tarfile.open(path) as archive:
            index = next((entry for entry in archive if entry.name.removeprefix("./") == "index.json"), None)
            content = index and archive.extractfile(index)
            listed: list[dict[str, Any]] = json.load(content)["manifests"] if content else []
    except (tarfile.TarError, ValueError, KeyError, OSError) as error:
        raise ValueError(f"{path}: no archive of an image in OCI's layout ({error})") from error
    if not listed:
        raise ValueError(f"{path}: no archive of an image in OCI's layout (it has no index.json that lists one)")
    return listed
