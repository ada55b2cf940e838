"""Stands in for Grafana's HTTP API, as far as datasources, organisation and health go: no UI, no queries.

Statuses, messages and fields are those of Grafana 11's documented HTTP API. It keeps the datasources in one
file (0600), and of their secrets nothing but the names: nobody reads them back, as with the real one.

Run as ``python -m sandbox.world.grafana --port PORT --data DIRECTORY --auth-file FILE``.
"""

import argparse
import base64
import binascii
import hmac
import json
import signal
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.world.datasources import Answer, DataSources, RefusedError, refusal

VERSION = "11.6.0"
MAX_BODY = 1 << 20


class Server(ThreadingHTTPServer):
    """Serves one organisation's datasources to one user."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], store: DataSources, auth: str) -> None:
        super().__init__(address, Handler)
        self.store = store
        self.auth = auth


class Handler(BaseHTTPRequestHandler):
    """One connection; routes are few enough to be spelled out."""

    protocol_version = "HTTP/1.1"
    server_version = "grafana-stand-in"
    timeout = 60
    server: Server

    def do_GET(self) -> None:
        """Serve a read."""
        self._respond()

    def do_POST(self) -> None:
        """Serve a creation."""
        self._respond()

    def do_PUT(self) -> None:
        """Serve an update."""
        self._respond()

    def do_DELETE(self) -> None:
        """Serve a deletion."""
        self._respond()

    def _respond(self) -> None:
        body = self._body()  # read in any case, or it would be taken for the next request
        try:
            status, payload = self._route(body)
        except RefusedError as error:
            status, payload = error.status, refusal(error)
        text = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _route(self, body: bytes) -> Answer:
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        if (self.command, parts) == ("GET", ["api", "health"]):
            return HTTPStatus.OK, {"commit": "sandbox", "database": "ok", "version": VERSION}
        self._authenticate()
        store = self.server.store
        match self.command, parts:
            case "GET", ["api", "org"]:
                return HTTPStatus.OK, {"id": 1, "name": "Main Org.", "address": {}}
            case "GET", ["api", "datasources"]:
                return HTTPStatus.OK, store.list()
            case "POST", ["api", "datasources"]:
                return store.add(_parsed(body))
            case "GET", ["api", "datasources", "uid", uid]:
                return HTTPStatus.OK, store.get("uid", uid)
            case "PUT", ["api", "datasources", "uid", uid]:
                return store.update(uid, _parsed(body))
            case "DELETE", ["api", "datasources", "uid", uid]:
                return store.delete(uid)
            case "GET", ["api", "datasources", "name", name]:
                return HTTPStatus.OK, store.get("name", name)
        raise RefusedError(HTTPStatus.NOT_FOUND, "Not found")

    def _authenticate(self) -> None:
        header = self.headers.get("Authorization", "")
        if not header:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "Unauthorized", "auth.unauthorized")
        scheme, _, credentials = header.partition(" ")
        try:
            given = base64.b64decode(credentials, validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            given = b""
        if not hmac.compare_digest(given, self.server.auth.encode()):
            message = "Invalid username or password"
            raise RefusedError(HTTPStatus.UNAUTHORIZED, message, "password-auth.failed")

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        size = int(length) if length.isdigit() else 0
        if size > MAX_BODY:
            self.close_connection = True
            return b""
        return self.rfile.read(size)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Log requests to stdout, which is the service's log; neither headers nor bodies, so no secret."""
        sys.stdout.write(f"{self.log_date_time_string()} {format % args}\n")
        sys.stdout.flush()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad request data")
    return document


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.world.grafana", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="directory of the datasources' file")
    parser.add_argument("--auth-file", type=Path, required=True, help="file that holds user:password")
    options = parser.parse_args()
    store = DataSources(options.data / "datasources.json")
    server = Server(("127.0.0.1", options.port), store, options.auth_file.read_text().strip())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
