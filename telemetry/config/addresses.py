"""Addresses of servers: URLs, and hosts with a port."""

import re
from ipaddress import IPv6Address
from typing import Annotated

from pydantic import AfterValidator

_LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_SERVER = re.compile(
    rf"(\[(?P<ipv6>[0-9a-f:.]+)\]|(?=[a-z0-9]){_LABEL}(\.{_LABEL})*\.?)(:(?P<port>[0-9]{{1,5}}))?", re.IGNORECASE
)
_URL = re.compile(r"https?://(?P<server>[^/]*)(/[A-Za-z0-9._~!$&'()*+,;=:%/-]*)?", re.IGNORECASE)
"""What may be in a path without being escaped: RFC 3986, 3.3."""


def is_server(text: str) -> bool:
    """Whether a text is a name or an IP address, IPv6 in brackets, with or without a port."""
    match = _SERVER.fullmatch(text) if text.isascii() else None
    if match is None or not 0 < int(match["port"] or 80) < 65_536:
        return False
    try:
        return match["ipv6"] is None or IPv6Address(match["ipv6"]) is not None
    except ValueError:
        return False


def check_exact_url(value: str) -> str:
    """Refuse what is not `http(s)://host[:port][/path]`; credentials in a URL would end up in logs."""
    if "@" in value:
        raise ValueError("an address must not carry credentials; they belong into telemetry:credentials")
    if "?" in value or "#" in value:
        raise ValueError("an address must end after its host, port and path; remove what follows ? or #")
    match = _URL.fullmatch(value)
    if match is None or not is_server(match["server"]):
        raise ValueError("not an address; write http:// or https://, a host and a port, such as http://s3.example:8333")
    return value


def check_url(value: str) -> str:
    """Return a URL without the slash that it may end in; refuse what `check_exact_url` refuses."""
    return check_exact_url(value).rstrip("/")


ExactUrl = Annotated[str, AfterValidator(check_exact_url)]
"""`http(s)://host[:port][/path]` without credentials, as it stands: to a webhook a slash at the end is part of it."""
Url = Annotated[str, AfterValidator(check_url)]
"""`http(s)://host[:port][/path]` without a trailing slash and without credentials."""
