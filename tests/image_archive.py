"""Archives of images in OCI's layout, as tools of registries write them."""

import json
import tarfile
from pathlib import Path

from sandbox.nodes import oci
from sandbox.nodes.oci import Contents


def archived(folder: Path, name: str | None, contents: Contents) -> Path:
    """Write an archive as `skopeo copy … oci-archive:` does, and return its path."""
    digest = oci.write(contents, folder / "blobs")
    told = {"annotations": {"org.opencontainers.image.ref.name": name}} if name else {}
    index = {"schemaVersion": 2, "manifests": [{"mediaType": oci.MANIFEST, "digest": digest, **told}]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "archives").mkdir()
    path = folder / "archives" / "archive.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(folder / "index.json", "index.json")
        for blob in (folder / "blobs").iterdir():
            archive.add(blob, f"blobs/{blob.name.replace(':', '/')}")
    return path
