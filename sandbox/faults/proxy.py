"""A TCP proxy in front of a service of the world: passes bytes on as they are, late, or answers in its place.

Bytes are never rewritten, so TLS and S3's signatures (which cover the Host header that the client sent) stay valid.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from sandbox.world.ports import LOOPBACK

Rule = Callable[[bytes], int | None]
"""Is given the beginning of a plain HTTP request; returns the status to answer with, None to pass it on."""
_CHUNK = 64 << 10
_METHODS = (b"GET ", b"PUT ", b"POST ", b"HEAD ", b"DELETE ", b"PATCH ")


class Proxy:
    """Listens on a port of its own for the length of its life; `address` is host:port. Thread-safe."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._port = 0
        self.latency = 0.0
        """Seconds by which every piece of a request or of an answer comes late."""
        self.rule: Rule | None = None
        self.listen()

    @property
    def address(self) -> str:
        """Where it listens; the same after `refuse` and `listen`."""
        return f"{LOOPBACK}:{self._port}"

    def listen(self) -> None:
        """Let everybody through again, at once and as they are."""
        self.latency, self.rule = 0.0, None
        if self._listener is None:
            self._listener = socket.create_server((LOOPBACK, self._port))
            self._port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self) -> None:
        """Refuse connections and cut those that are open, as a dead service does."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            listener.close()
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
        back.start()
        self._pass_on(client, server, asked=True)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _pass_on(self, source: socket.socket, sink: socket.socket, *, asked: bool = False) -> None:
        """Pass on what comes until either side ends."""
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if self.latency:
                    time.sleep(self.latency)
                rule = self.rule
                status = rule(data) if asked and rule is not None and data.startswith(_METHODS) else None
                if status is not None:
                    source.sendall(_answer(status))
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _answer(status: int) -> bytes:
    body = b'{"message": "out of order, for a test"}'
    head = f"HTTP/1.1 {status} Fault\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body
