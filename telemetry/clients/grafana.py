"""A client of Grafana, as the program's provider is one."""

from collections.abc import Generator

import httpx

from telemetry.clients import trust
from telemetry.config.credentials import GrafanaIdentity
from telemetry.config.trust import Trust

_TIMEOUT_SECONDS = 10


def connect(url: str, identity: GrafanaIdentity, trusted: Trust) -> httpx.Client:
    """Return a client that logs in as the provider does: `user:password`, in organisation 1, or a token."""
    user, colon, password = identity.auth.get_secret_value().partition(":")
    auth = httpx.BasicAuth(user, password) if colon else _Bearer(user)
    verify, headers = trust.context(trusted), in_org(1 if colon else None)
    return httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, auth=auth, headers=headers, verify=verify)


def in_org(org: int | str | None) -> dict[str, str]:
    """Return the header that names an organisation; none is the one that we are in."""
    return {"X-Grafana-Org-Id": str(org)} if org else {}


class _Bearer(httpx.Auth):
    """A service account token. As a mere header it would give way to what ~/.netrc has for the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
