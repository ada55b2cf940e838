"""Stands in for Grafana's HTTP API, as far as the program and its tests use it.

Datasources, folders, dashboards, organisations, service accounts and health; no UI, no queries, one user. Statuses,
messages and fields are those of Grafana 11's documented HTTP API. What it keeps is in files of mode 0600; of
datasources' secrets nothing but the names, of tokens their digests.

Run as ``python -m sandbox.world.grafana --port PORT --data DIRECTORY --auth-file FILE``.
"""

import argparse
import json
import signal
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.world.dashboards import Dashboards
from sandbox.world.datasources import DataSources
from sandbox.world.grafana_answers import Answer, RefusedError, bad_request, denied
from sandbox.world.organisations import Login, Organisations

VERSION = "11.6.0"
MAX_BODY = 1 << 20


class Server(ThreadingHTTPServer):
    """Serves what a directory keeps."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], data: Path, user: str) -> None:
        super().__init__(address, Handler)
        self.datasources = DataSources(data / "datasources.jsonl")
        self.dashboards = Dashboards(data / "dashboards.jsonl")
        self.organisations = Organisations(data / "organisations.jsonl", user)


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
            status, payload = error.status, error.body
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
        authorization, org = (self.headers.get(name, "") for name in ("Authorization", "X-Grafana-Org-Id"))
        login = self.server.organisations.login(authorization, org)
        match parts:
            case ["api", "datasources", *rest]:
                return self._datasources(login, rest, body)
            case ["api", "folders" | "dashboards" | "search", *_]:
                return self._dashboards(login, parts[1:], body)
            case ["api", "orgs", *rest]:
                return self._organisations(login, rest, body)
            case ["api", "org"] | ["api", "serviceaccounts", *_]:
                return self._own(login, parts[1:], body)
        raise _not_found()

    def _datasources(self, login: Login, parts: list[str], body: bytes) -> Answer:
        action = {"GET": "read", "POST": "create", "PUT": "write", "DELETE": "delete"}[self.command]
        if not login.admin:
            raise denied(f"datasources:{action}")
        store = self.server.datasources
        match self.command, parts:
            case "GET", []:
                return HTTPStatus.OK, store.list(login.org)
            case "POST", []:
                return store.add(login.org, _parsed(body))
            case "GET", ["uid" | "name" as key, value]:
                return HTTPStatus.OK, store.get(login.org, key, value)
            case "PUT", ["uid", uid]:
                return store.update(login.org, uid, _parsed(body))
            case "DELETE", ["uid", uid]:
                return store.delete(login.org, uid)
        raise _not_found()

    def _dashboards(self, login: Login, parts: list[str], body: bytes) -> Answer:
        if not login.admin:
            raise denied(f"{parts[0]}:{'read' if self.command == 'GET' else 'write'}")
        store = self.server.dashboards
        match self.command, parts:
            case "GET", ["search"]:
                return store.search(login.org, parse_qs(urlsplit(self.path).query).get("folderUIDs", []))
            case "POST", ["folders"]:
                return store.add_folder(login.org, _parsed(body))
            case "GET", ["folders", uid]:
                return HTTPStatus.OK, store.folder(login.org, uid)
            case "PUT", ["folders", uid]:
                return store.update_folder(login.org, uid, _parsed(body))
            case "DELETE", ["folders", uid]:
                return store.delete_folder(login.org, uid)
            case "POST", ["dashboards", "db"]:
                return store.save(login.org, _parsed(body))
            case "GET", ["dashboards", "uid", uid]:
                return HTTPStatus.OK, store.dashboard(login.org, uid)
            case "DELETE", ["dashboards", "uid", uid]:
                return store.delete(login.org, uid)
        raise _not_found()

    def _organisations(self, login: Login, parts: list[str], body: bytes) -> Answer:
        """Answer what server admins may ask, whatever organisation they are in."""
        action = {"GET": "read", "POST": "create", "PUT": "write", "DELETE": "delete"}[self.command]
        if not login.server_admin:
            raise denied(f"orgs:{action}")
        store = self.server.organisations
        match self.command, parts:
            case "POST", []:
                return store.add(_parsed(body))
            case "GET", [org] if org.isdigit():
                return store.get(int(org))
            case "DELETE", [org] if org.isdigit():
                answer = store.delete(int(org))
                self.server.datasources.delete_all(int(org))
                self.server.dashboards.delete_all(int(org))
                return answer
        raise _not_found()

    def _own(self, login: Login, parts: list[str], body: bytes) -> Answer:
        """Answer about the organisation that the login is in."""
        if not login.admin:
            raise denied("orgs:read" if parts == ["org"] else "serviceaccounts:create")
        store = self.server.organisations
        match self.command, parts:
            case "GET", ["org"]:
                return store.get(login.org)
            case "POST", ["serviceaccounts"]:
                return store.add_account(login.org, _parsed(body))
            case "POST", ["serviceaccounts", account, "tokens"] if account.isdigit():
                return store.add_token(login.org, int(account))
        raise _not_found()

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
        raise bad_request()
    return document


def _not_found() -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, "Not found")


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.world.grafana", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="directory of its files")
    parser.add_argument("--auth-file", type=Path, required=True, help="file that holds user:password")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), options.data, options.auth_file.read_text().strip())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
