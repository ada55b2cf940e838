"""`python -m sandbox.nodes.registry PORT DIRECTORY PROGRAMS`: the registry that all images of the nodes come from.

It answers for every registry, repository and tag: an image is made when it is asked for, and what was made is told in
DIRECTORY's `served.json`. PROGRAMS is JSON, paths by tool.
"""

import json
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sandbox.nodes import oci
from sandbox.nodes.images import Images

SERVED = "served.json"
_DIGEST = "sha256:"


class Store:
    """Images that were made, as blobs in a directory."""

    def __init__(self, directory: Path, images: Images) -> None:
        self._directory = directory
        self._blobs = directory / "blobs"
        self._images = images
        self._lock = threading.Lock()
        self._manifests: dict[str, str] = {}
        self._served: dict[str, str] = served(directory)

    def manifest(self, repository: str, tag: str, registry: str) -> str:
        """Return the digest of an image's manifest; makes the image if need be."""
        image = self._images.find(repository)
        with self._lock:
            if image.what not in self._manifests:
                self._manifests[image.what] = oci.write(image.contents, self._blobs)
            name = f"{registry}/{repository}:{tag}".removeprefix("/")
            if self._served.get(name) != image.what:
                self._served[name] = image.what
                (self._directory / SERVED).write_text(json.dumps(self._served, indent=2))
            return self._manifests[image.what]

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
        kind = oci.MANIFEST if "/manifests/" in url.path else "application/octet-stream"
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


def main(port: int, directory: Path, programs: dict[str, str]) -> None:
    """Serve on loopback until killed."""
    directory.mkdir(parents=True, exist_ok=True)
    images = Images({name: Path(path) for name, path in programs.items()})
    ThreadingHTTPServer(("127.0.0.1", port), handler(Store(directory, images))).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
