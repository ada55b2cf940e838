"""Stands in for the HTTP ports of Tempo (OTLP, query API), and of Mimir where only what arrives is of interest.

It takes every request, notes it down and answers 200 with JSON that says which tenant asked for what; after as many
seconds as its User-Agent says, `slow/2`.
"""

import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox.gateway.ledger import Ledger, Seen
from sandbox.gateway.pair import PairFiles


@contextmanager
def http_sink(address: str, ports: Sequence[int], ledger: Ledger, tls: PairFiles | None = None) -> Iterator[None]:
    """Serve on all these ports of an address; ``tls`` is what it shows."""
    servers = [_Server((address, port), _handler(f"{address}:{port}", ledger)) for port in ports]
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers]
    for server in servers:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # the default of 5 makes the clients of a burst wait for a second
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that go away: some tests are about just that."""


def _handler(address: str, ledger: Ledger) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            tenants = tuple(self.headers.get_all("X-Scope-OrgID") or ())
            ledger.note(
                Seen(
                    protocol=self.request_version,
                    address=address,
                    method=self.command,
                    path=self.path,
                    tenants=tenants,
                    headers={name.lower(): value for name, value in self.headers.items()},
                    size=len(body),
                )
            )
            name, _, seconds = self.headers.get("User-Agent", "").partition("/")
            time.sleep(float(seconds) if name == "slow" else 0)
            answer = json.dumps({"tenants": tenants, "path": self.path}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - http.server's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
            """Keep quiet: the ledger has it."""

    return Handler
