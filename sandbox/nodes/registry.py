"""`python -m sandbox.nodes.registry PORT DIRECTORY PROGRAMS [ARCHIVES]`: the registry that all nodes' images come from.

It answers for every registry, repository and tag: an image is taken from the folder ARCHIVES if it is there, else made
when it is asked for. What was served is told in DIRECTORY's `served.json`. PROGRAMS is JSON, paths by tool.
"""

import json
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sandbox.nodes import oci
from sandbox.nodes.archives import Archive, archives, short
from sandbox.nodes.images import Image, Images

SERVED = "served.json"
_DIGEST = "sha256:"


class Store:
    """Images that were made or taken out of archives, as blobs in a directory."""

    def __init__(self, directory: Path, images: Images, given: Mapping[str, Archive] | None = None) -> None:
        self._directory = directory
        self._blobs = directory / "blobs"
        self._images = images
        self._given = given or {}
        self._lock = threading.Lock()
        self._manifests: dict[str, str] = {}
        self._served: dict[str, str] = served(directory)

    def manifest(self, repository: str, tag: str, registry: str) -> str:
        """Return the digest of an image's manifest; unpacks or makes the image if need be."""
        name = f"{registry}/{repository}:{tag}".removeprefix("/")
        image = self._given.get(short(name)) or self._images.find(repository)
        with self._lock:
            if image.what not in self._manifests:
                self._manifests[image.what] = self._put(image)
            if self._served.get(name) != image.what:
                self._served[name] = image.what
                (self._directory / SERVED).write_text(json.dumps(self._served, indent=2))
            return self._manifests[image.what]

    def _put(self, image: Archive | Image) -> str:
        if isinstance(image, Image):
            return oci.write(image.contents, self._blobs)
        image.unpack(self._blobs)
        return image.digest

    def kind(self, digest: str) -> str:
        """Return the media type of a manifest, or of an index of manifests."""
        told: dict[str, str] = json.loads((self._blobs / digest).read_bytes())
        return told.get("mediaType") or (oci.INDEX if "manifests" in told else oci.MANIFEST)

    def blob(self, digest: str) -> Path | None:
        """Return a blob's file."""
        path = self._blobs / digest
        return path if digest.startswith(_DIGEST) and path.is_file() else None


def served(directory: Path) -> dict[str, str]:
    """Return what stands behind each image that was asked for."""
    try:
        found: dict[str, str] = json.loads((directory / SERVED).read_text())
    except (OSError, ValueError):
        return {}
    return found


class _Handler(BaseHTTPRequestHandler):
    store: Store
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        url = urlsplit(self.path)
        repository, _, rest = url.path.removeprefix("/v2/").rpartition("/manifests/")
        if url.path == "/v2/":
            self._send(HTTPStatus.OK, {}, 0)
            return
        if repository and not rest.startswith(_DIGEST):
            registry = parse_qs(url.query).get("ns", [""])[0]
            digest = self.store.manifest(repository, rest, registry)
        else:
            digest = url.path.rpartition("/")[2]
        path = self.store.blob(digest)
        if path is None:
            self._send(HTTPStatus.NOT_FOUND, {}, 0)
            return
        kind = self.store.kind(digest) if "/manifests/" in url.path else "application/octet-stream"
        self._send(HTTPStatus.OK, {"Content-Type": kind, "Docker-Content-Digest": digest}, path.stat().st_size)
        if body:
            with path.open("rb") as stream:
                self.connection.sendfile(stream)

    def _send(self, status: HTTPStatus, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()


def handler(store: Store) -> type[BaseHTTPRequestHandler]:
    """Return the handler of requests for a store's images."""
    return type("Handler", (_Handler,), {"store": store})


def main(port: int, directory: Path, programs: dict[str, str], given: Path | None = None) -> None:
    """Serve on loopback until killed."""
    directory.mkdir(parents=True, exist_ok=True)
    images = Images({name: Path(path) for name, path in programs.items()})
    store = Store(directory, images, archives(given) if given else None)
    ThreadingHTTPServer(("127.0.0.1", port), handler(store)).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), *map(Path, sys.argv[4:]))
