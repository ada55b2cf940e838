"""Archives of images in OCI's layout, as tools of registries write them."""

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.nodes import oci
from sandbox.nodes.oci import Contents


def archived(folder: Path, images: Mapping[str | None, Contents]) -> Path:
    """Write an archive of images by name as `skopeo copy … oci-archive:` does, and return its path."""
    listed = [
        {
            "mediaType": oci.MANIFEST,
            "digest": oci.write(contents, folder / "blobs"),
            **({"annotations": {"org.opencontainers.image.ref.name": name}} if name else {}),
        }
        for name, contents in images.items()
    ]
    index = {"schemaVersion": 2, "manifests": listed}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "archives").mkdir()
    path = folder / "archives" / "archive.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(folder / "index.json", "index.json")
        for blob in (folder / "blobs").iterdir():
            archive.add(blob, f"blobs/{blob.name.replace(':', '/')}")
    return path
