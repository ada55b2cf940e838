"""Routes at the gateway, as a backend describes them, and where they lead."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Access = Literal["read", "write", "alerts", "admin"]
Protocol = Literal["http", "grpc"]

SEGMENT = r"(?:[\w.~!$&'()*+,:@=-]|%[0-9A-Fa-f]{2})+"
"""One segment of a path as a client sends it (RFC 3986, 3.3, but for the semicolon, which some servers split at)."""

GET, POST, QUERY, ANY = ("GET",), ("POST",), ("GET", "POST"), ("GET", "POST", "DELETE")
"""Methods of a route."""


class Upstream(NamedTuple):
    """An address that routes lead to."""

    name: str
    """The signal, an underscore, and what is there."""
    service: str
    """A headless Service where requests are to be balanced over pods."""
    port: int
    optional: bool = False
    """Whether a stack may be without it; such stand last in nginx's configuration."""


@dataclass(frozen=True)
class Route:
    """A path, and where it leads."""

    methods: tuple[str, ...]
    path: str
    """The whole path where `rest` is empty; else its beginning, up to a slash."""
    upstream: str
    """The name of an Upstream; without it there is no such route."""
    access: Access
    """What a credential must be allowed to do with the route's signal."""
    target: str
    """What stands in place of `path` at the backend."""
    rest: str = ""
    """Regular expression of what follows `path`, as the client encodes it; it reaches the backend unchanged."""
    protocol: Protocol = "http"
    pushes: bool = False
    """Whether it brings telemetry: such a request is read as a whole before a backend hears of it."""
    unread: str = ""
    """Regular expression of types of content that the backend would confirm without reading them; empty: there is
    none."""

    @property
    def scope(self) -> str:
        """What a credential needs (Scopes of config/access.py): `metrics:read`."""
        return f"{self.upstream.partition('_')[0]}:{self.access}"


def push(path: str, upstream: str, target: str | None = None) -> Route:
    """Return the route of what brings telemetry over HTTP; its path at the backend is the same unless told."""
    return Route(POST, path, upstream, "write", target or path, pushes=True)


def routes_below(
    prefix: str,
    methods: tuple[str, ...],
    upstream: str,
    access: Access,
    paths: Iterable[str | tuple[str, str]],
    *,
    at_gateway: str = "",
) -> tuple[Route, ...]:
    """Return routes for paths, or for (path, rest), below a prefix; `at_gateway` stands before it there only."""
    pairs = (each if isinstance(each, tuple) else (each, "") for each in paths)
    return tuple(
        Route(methods, f"{at_gateway}{prefix}{path}", upstream, access, f"{prefix}{path}", rest) for path, rest in pairs
    )
