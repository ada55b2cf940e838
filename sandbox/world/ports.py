"""Free loopback ports, chosen once and remembered so that addresses survive a restart."""

import json
import secrets
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from sandbox.world.errors import WorldError
from sandbox.world.files import write_private

LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes the ports of outgoing connections, so that none is lost to one.
FIRST, LAST = 20000, 32000
ATTEMPTS = 200
PATIENCE_SECONDS = 2.0
"""How long a remembered port is waited for before the address changes."""


class Ports:
    """Port numbers by name, kept in one JSON file. Not safe for two writers: hold the world's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ports: dict[str, int] = _read(path)

    def __getitem__(self, name: str) -> int:
        return self._ports[name]

    def known(self) -> dict[str, int]:
        """Return all remembered ports by name."""
        return dict(self._ports)

    def settle(self, names: Iterable[str], keep: Iterable[str] = ()) -> None:
        """Give each name a port: the remembered one if it is free or in ``keep`` (our own running service's)."""
        kept = set(keep)
        before = dict(self._ports)
        for name in names:
            port = self._ports.get(name)
            if port is None or not (name in kept or _comes_free(port)):
                self._ports[name] = self._choose()
        if self._ports != before:
            write_private(self._path, json.dumps(self._ports, indent=2) + "\n")

    def _choose(self) -> int:
        taken = set(self._ports.values())
        for _ in range(ATTEMPTS):
            port = FIRST + secrets.randbelow(LAST - FIRST)
            if port not in taken and is_free(port):
                return port
        raise WorldError(f"no free port on {LOOPBACK} between {FIRST} and {LAST}")


def _comes_free(port: int) -> bool:
    """Whether a remembered port is free, or soon is: somebody may have it for a moment only."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _read(path: Path) -> dict[str, int]:
    try:
        ports = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): int(port) for name, port in ports.items()}
