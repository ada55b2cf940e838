"""Who is told of alerts in tests: a real SMTP server and an HTTP server, both with TLS and a password."""

import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.gateway.pair import PairFiles

HOST = "localhost"
"""Their name; it stands in their certificate."""


@dataclass(frozen=True)
class Told:
    """What has arrived, and how."""

    mails: list[EmailMessage] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    def of_mails(self) -> Counter[str]:
        """Return how many mails there were of each subject."""
        return Counter(str(mail["Subject"]) for mail in self.mails)

    def of_posts(self) -> Counter[str]:
        """Return how many posts there were of each alert."""
        return Counter(f"{post['status']} {post['commonLabels']['alertname']}" for post in self.posts)


class _Mailbox:
    def __init__(self, told: Told) -> None:
        self._told = told

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a mail that came by TLS and from somebody who had logged in; the server refuses others."""
        assert session.ssl is not None
        assert session.authenticated
        assert isinstance(envelope.content, bytes)
        self._told.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@contextmanager
def mail_server(port: int, told: Told, tls: PairFiles, *, user: str, password: str) -> Iterator[None]:
    """Take mail on a port of loopback, by STARTTLS and with a login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)

    def knows(_: SMTP, __: Session, ___: Envelope, mechanism: str, given: object) -> AuthResult:
        wanted = LoginPassword(user.encode(), password.encode())
        return AuthResult(success=mechanism == "PLAIN" and given == wanted)

    controller = Controller(
        _Mailbox(told),
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        auth_exclude_mechanism=["LOGIN"],  # Alertmanager asks to be asked `Username:`, as most servers do
        authenticator=knows,
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@contextmanager
def hook_server(port: int, told: Told, tls: PairFiles, *, token: str) -> Iterator[None]:
    """Take posts of JSON on a port of loopback, by TLS and with a token."""

    def answer(_: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        known = headers["Authorization"] == f"Bearer {token}"
        if known:
            told.posts.append(json.loads(body))
        return 200 if known else 401, b""

    with serving(port, tls, answer):
        yield


@contextmanager
def serving(
    port: int, tls: PairFiles, answer: Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]
) -> Iterator[None]:
    """Take posts on a port of loopback, by TLS; `answer` is given path, headers and body, and says status and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, said = answer(self.path, dict(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
