"""Small HTTP servers on loopback that answer as told: a system that refuses, breaks, or is another one altogether."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """What a double says to every request, and what it was asked: (method and path, authorization)."""

    status: int = 200
    body: str = "{}"
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Yield the address of a server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            answer.asked.append((f"{self.command} {self.path}", self.headers.get("Authorization", "")))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body.encode())))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(answer.body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as address:
        yield address


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Yield the address of a server on loopback that hands every request to a handler."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """Yield the address of something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def refused() -> str:
    """Return an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


OF_S3 = {"x-amz-request-id": "1"}
"""What every answer of an S3 server has."""


def s3_answer(status: int, body: str) -> Answer:
    """Return what an S3 server says."""
    return Answer(status, body, content_type="application/xml", headers=OF_S3)


def s3_error(code: str) -> str:
    """Return the body with which an S3 server says no."""
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"


def kubeconfig(server: str, context: str, token: str) -> str:
    """Return the text of a kubeconfig file with one context (JSON is YAML)."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        }
    )


def _anything(*_: str) -> bool:
    return True


@contextmanager
def by_path(answers: Mapping[str, object], allows: Callable[[str, str, str], bool] = _anything) -> Iterator[str]:
    """Yield the address of a server that has an answer for each path: a status, or what it gives as JSON; else 404.

    `allows` answers an API server's question whether one may do something: with a verb, a resource and a namespace.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0], 404)
            self._say(found if isinstance(found, int) else 200, {} if isinstance(found, int) else found)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["spec"]["resourceAttributes"]
            resource = "/".join(filter(None, (asked["resource"], asked["subresource"])))
            self._say(201, {"status": {"allowed": allows(asked["verb"], resource, asked["namespace"])}})

        def _say(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as address:
        yield address
