"""Addresses that belong to one run: Linux routes all of 127.0.0.0/8 to this machine.

Each server has an address of its own and so its real port, whatever else listens on this machine.
"""

import itertools
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

_CLAIM = 254, 20009
"""Host number and UDP port that are bound for as long as a network is in use."""
_ATTEMPTS = 50


class Network:
    """The addresses 127.x.y.1 to 127.x.y.253, given out in turn."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)

    def address(self) -> str:
        """Return an address that nobody has yet."""
        return f"{self._prefix}.{next(self._numbers)}"


@contextmanager
def network() -> Iterator[Network]:
    """Claim a network, and yield it."""
    with socket.socket(type=socket.SOCK_DGRAM) as claim:
        for _ in range(_ATTEMPTS):
            prefix = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}"
            try:
                claim.bind((f"{prefix}.{_CLAIM[0]}", _CLAIM[1]))
            except OSError:
                continue  # another run has it
            yield Network(prefix)
            return
    raise RuntimeError("no network of loopback is free; on this system only 127.0.0.1 may be routed to itself")
