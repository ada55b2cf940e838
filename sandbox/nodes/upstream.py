"""Images as their own registries have them, where these can be reached, fetched when the nodes ask for them."""

import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.nodes.containerd import PAUSE_IMAGE
from telemetry.operations.bundle.images import parse
from telemetry.operations.bundle.registries import Registries, UnresolvedError, digest_of

_TIMEOUT = httpx.Timeout(60, connect=3)
"""A machine without a way out should not wait for it long: it has other images."""


@dataclass(frozen=True)
class Pulled:
    """An image that its registry has: the manifest, or the index of its manifests. Its blobs are fetched later."""

    what: str
    manifest: bytes

    def put(self, blobs: Path) -> str:
        """Put the manifest among the blobs and return its digest."""
        digest = digest_of(self.manifest)
        blobs.mkdir(parents=True, exist_ok=True)
        (blobs / digest).write_bytes(self.manifest)
        return digest


class Upstream:
    """The registries that images are named after, asked without a login. One that cannot be reached is asked once."""

    def __init__(self, registries: Registries | None = None) -> None:
        self._registries = registries or Registries(timeout=_TIMEOUT)
        self._unreachable = {parse(PAUSE_IMAGE).registry}  # a name of ours

    def find(self, name: str) -> Pulled | None:
        """Return an image; nothing, where its registry cannot be reached or does not have it."""
        registry = parse(name).registry
        if registry in self._unreachable:
            return None
        try:
            return Pulled(f"the image itself, of {registry}", self._registries.manifest(name))
        except UnresolvedError as error:
            _log(name, error)
            if isinstance(error.__cause__, httpx.TransportError):
                self._unreachable.add(registry)
            return None

    def fetch(self, name: str, kind: str, digest: str, blobs: Path) -> None:
        """Put one of an image's `manifests` or `blobs` among the blobs, if its registry gives it."""
        if kind == "manifests":
            pulled = self.find(f"{name}@{digest}")
            if pulled:
                pulled.put(blobs)
            return
        draft = blobs / f"{digest}.{threading.get_ident()}"
        try:
            self._registries.download(name, digest, draft)
        except UnresolvedError as error:
            _log(f"{name}, {digest}", error)
        else:
            draft.replace(blobs / digest)


def _log(what: str, error: Exception) -> None:
    print(f"{what}: {error}", file=sys.stderr, flush=True)
