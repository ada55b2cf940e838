"""A GitHub on loopback that knows comments and issues, page by page, and fails when told to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles import serving

BOT = "github-actions[bot]"
PAGE = 2
"""Things on a page: fewer than GitHub's, so that there are several pages."""
ROOT = "/repos/o/r"

Thing = dict[str, Any]


@dataclass
class Hub:
    """The comments of pull request 7 and the issues of a repository `o/r`, and what was asked of it."""

    things: dict[str, list[Thing]] = field(default_factory=lambda: {"issues/7/comments": [], "issues": []})
    asked: list[str] = field(default_factory=list)
    authorizations: set[str | None] = field(default_factory=set)
    failures: list[tuple[str, int, bool]] = field(default_factory=list)
    """Method, status and whether it is done all the same: what becomes of the next request of that method."""

    @property
    def comments(self) -> list[Thing]:
        """The comments of pull request 7."""
        return self.things["issues/7/comments"]

    @property
    def issues(self) -> list[Thing]:
        """The issues."""
        return self.things["issues"]

    @property
    def wrote(self) -> list[str]:
        """What was asked, apart from looking."""
        return [each for each in self.asked if not each.startswith("GET")]

    def add(self, where: str, content: Thing, login: str = BOT) -> Thing:
        """Add a comment or an issue, as somebody."""
        number = 1 + sum(map(len, self.things.values()))
        url = f"https://hub.example/{number}"
        thing = {"id": number, "number": number, "html_url": url, "user": {"login": login}, "state": "open", **content}
        self.things[where].append(thing)
        return thing

    def handle(self, method: str, target: str, content: Thing) -> tuple[int, Any]:
        """Do what is asked and return status and answer."""
        path, query = urlsplit(target).path.removeprefix(f"{ROOT}/"), parse_qs(urlsplit(target).query)
        if method == "GET":
            rows = [row for row in self.things[path] if row["state"] == query.get("state", [row["state"]])[0]]
            return 200, [row for row in rows if "creator" not in query or row["user"]["login"] in query["creator"]]
        if method == "POST":
            return 201, self.add(path, content)
        kind, _, number = path.rpartition("/")
        rows = self.things["issues/7/comments" if kind == "issues/comments" else kind]
        (row,) = [row for row in rows if row["id"] == int(number)]
        if method == "DELETE":
            rows.remove(row)
            return 204, None
        row.update(content)
        return 200, row


class Handler(BaseHTTPRequestHandler):
    """One request."""

    hub: Hub

    def do_GET(self) -> None:
        """Look."""
        self._answer("GET")

    def do_POST(self) -> None:
        """Add."""
        self._answer("POST")

    def do_PATCH(self) -> None:
        """Change."""
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        """Remove."""
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        hub = self.hub
        hub.asked.append(f"{method} {self.path}")
        hub.authorizations.add(self.headers["Authorization"])
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        failure = next((each for each in hub.failures if each[0] == method), None)
        if failure:
            hub.failures.remove(failure)
            if failure[2]:
                hub.handle(method, self.path, content)
            return self._send(failure[1], {"message": "told to fail"})
        status, answer = hub.handle(method, self.path, content)
        return self._send(status, answer) if method != "GET" else self._send_page(answer)

    def _send_page(self, rows: list[Thing]) -> None:
        base, _, page = self.path.partition("&page=")
        begin = (int(page or 1) - 1) * PAGE
        more = len(rows) > begin + PAGE
        link = f'<http://{self.headers["Host"]}{base}&page={int(page or 1) + 1}>; rel="next"' if more else ""
        self._send(200, rows[begin : begin + PAGE], link)

    def _send(self, status: int, answer: Any, link: str = "") -> None:
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(hub: Hub) -> Iterator[str]:
    """Yield the address of the API."""
    with serving(type("HubHandler", (Handler,), {"hub": hub})) as address:
        yield address
