"""`python -m sandbox.nodes.registry PORT DIRECTORY PROGRAMS [ARCHIVES]`: the registry that all nodes' images come from.

It answers for every registry, repository and tag: an image is taken from the folder ARCHIVES if it is there, else from
its own registry if that can be reached, else made when it is asked for. What was served is told in DIRECTORY's
`served.json`. PROGRAMS is JSON, paths by tool.
"""

import json
import re
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
from sandbox.nodes.upstream import Pulled, Upstream
from telemetry.operations.bundle.images import parse

SERVED = "served.json"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_PATH = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/]+)")


class Store:
    """Images of archives and registries, and images that were made, as blobs in a directory."""

    def __init__(
        self, directory: Path, images: Images, upstream: Upstream, given: Mapping[str, Archive] | None = None
    ) -> None:
        self._directory = directory
        self._blobs = directory / "blobs"
        self._images = images
        self._given = given or {}
        self._upstream = upstream
        self._lock = threading.Lock()
        self._digests: dict[str, str] = {}
        self._made: dict[str, str] = {}
        self._served: dict[str, str] = served(directory)

    def manifest(self, name: str) -> str:
        """Return the digest of the manifest of an image with a tag; unpacks, fetches or makes the image if need be."""
        with self._lock:
            if name not in self._digests:
                image: Archive | Pulled | Image = (
                    self._given.get(short(name))
                    or self._upstream.find(name)
                    or self._images.find(parse(name).repository)
                )
                self._digests[name] = self._made_once(image) if isinstance(image, Image) else image.put(self._blobs)
                self._served[name] = image.what
                (self._directory / SERVED).write_text(json.dumps(self._served, indent=2))
            return self._digests[name]

    def _made_once(self, image: Image) -> str:
        """Return the digest of an image that is made, which many names may stand for."""
        if image.what not in self._made:
            self._made[image.what] = oci.write(image.contents, self._blobs)
        return self._made[image.what]

    def kind(self, digest: str) -> str:
        """Return the media type of a manifest, or of an index of manifests."""
        told: dict[str, str] = json.loads((self._blobs / digest).read_bytes())
        return told.get("mediaType") or (oci.INDEX if "manifests" in told else oci.MANIFEST)

    def blob(self, name: str, kind: str, digest: str) -> Path | None:
        """Return a blob's file; what is not there yet is fetched from the registry of the image's name.

        ``kind`` is the word for what it is in addresses of registries: `manifests` or `blobs`.
        """
        path = self._blobs / digest
        if not path.is_file():
            self._upstream.fetch(name, kind, digest, self._blobs)
        return path if path.is_file() else None


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
        if url.path == "/v2/":
            self._send(HTTPStatus.OK, {}, 0)
            return
        asked = _PATH.fullmatch(url.path)
        path = asked and self._found(asked, parse_qs(url.query).get("ns", [""])[0])
        if not asked or not path:
            self._send(HTTPStatus.NOT_FOUND, {}, 0)
            return
        kind = self.store.kind(path.name) if asked["kind"] == "manifests" else "application/octet-stream"
        self._send(HTTPStatus.OK, {"Content-Type": kind, "Docker-Content-Digest": path.name}, path.stat().st_size)
        if body:
            with path.open("rb") as stream:
                self.connection.sendfile(stream)

    def _found(self, asked: re.Match[str], registry: str) -> Path | None:
        """Return the file of what was asked for: a manifest by its tag, or a manifest or a blob by its digest."""
        name, reference = f"{registry}/{asked['repository']}".removeprefix("/"), asked["reference"]
        tagged = not _DIGEST.fullmatch(reference)
        if tagged and asked["kind"] == "blobs":
            return None
        digest = self.store.manifest(f"{name}:{reference}") if tagged else reference
        return self.store.blob(name, asked["kind"], digest)

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
    store = Store(directory, images, Upstream(), archives(given) if given else None)
    ThreadingHTTPServer(("127.0.0.1", port), handler(store)).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), *map(Path, sys.argv[4:]))
