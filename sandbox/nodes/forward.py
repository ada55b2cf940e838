"""Connections between two network namespaces, by a process that has sockets in both."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.nodes import linux

_LOOPBACK = "127.0.0.1"
_CHUNK = 1 << 16
_HEADER_END = b"\r\n\r\n"
_CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Side:
    """Descriptors of both network namespaces; this process is inside, except for the moment of a socket's making."""

    outside: int
    inside: int

    def socket_outside(self) -> socket.socket:
        """Return a socket of the machine's own namespace: it keeps where it was made."""
        linux.setns(self.outside, linux.NEW_NETWORK)
        try:
            made = socket.socket()
        finally:
            linux.setns(self.inside, linux.NEW_NETWORK)
        made.setblocking(False)
        return made


async def serve(forwards: Iterable[tuple[str, int, int]], way_in: Path, side: Side) -> None:
    """Serve for ever: listeners inside lead to the machine's loopback, the socket file leads inside."""
    for address, port, target in forwards:
        await asyncio.start_server(_outward(target, side), address, port)
    way_in.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(_inward, way_in)  # last: whoever finds it finds all
    await server.serve_forever()


def _outward(port: int, side: Side) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made = side.socket_outside()
        try:
            await asyncio.get_running_loop().sock_connect(made, (_LOOPBACK, port))
            far = await asyncio.open_connection(sock=made)
        except OSError:
            made.close()
            writer.close()
            return
        await _joined((reader, writer), far)

    return accept


async def _inward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer HTTP CONNECT, as the API server's egress asks for it."""
    try:
        head = await reader.readuntil(_HEADER_END)
        host, _, port = head.split()[1].decode().rpartition(":")
        connecting = asyncio.open_connection(host.strip("[]"), int(port))
        far = await asyncio.wait_for(connecting, _CONNECT_SECONDS)
    except (OSError, ValueError, IndexError, asyncio.IncompleteReadError, TimeoutError):
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        writer.close()
        return
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await _joined((reader, writer), far)


_Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _joined(near: _Pair, far: _Pair) -> None:
    await asyncio.gather(_copy(near[0], far[1]), _copy(far[0], near[1]))
    for _, writer in (near, far):
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes; the end of one direction leaves the other open."""
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.write_eof()
