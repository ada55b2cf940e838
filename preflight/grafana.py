"""Does Grafana answer, and may we see its datasources?"""

from collections.abc import Generator

import httpx

from settings.connections import Grafana
from settings.credentials import GrafanaIdentity

_TIMEOUT_SECONDS = 10


def check(grafana: Grafana, identity: GrafanaIdentity) -> list[str]:
    """Return what stands in the way."""
    try:
        answer = httpx.get(f"{grafana.url}/api/datasources", timeout=_TIMEOUT_SECONDS, auth=_authorization(identity))
    except httpx.HTTPError as error:
        return [
            f"telemetry:grafana.url: {grafana.url} does not answer ({type(error).__name__}); "
            "check the network and the address"
        ]
    if answer.status_code in (401, 403):
        return [
            f"telemetry:credentials.grafana.auth: {grafana.url} refused it ({answer.status_code}); set a service "
            "account token that may manage datasources: pulumi config set --secret --path "
            "telemetry:credentials.grafana.auth"
        ]
    if answer.is_server_error:
        return [f"telemetry:grafana.url: {grafana.url} answered {answer.status_code}; try again, or look at its log"]
    if not answer.is_success or "json" not in answer.headers.get("Content-Type", ""):
        return [
            f"telemetry:grafana.url: {grafana.url}/api/datasources gave no datasources ({answer.status_code}); "
            "it must be Grafana's root address"
        ]
    return []


class _Bearer(httpx.Auth):
    """A service account token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _authorization(identity: GrafanaIdentity) -> httpx.Auth:
    """Return how to authenticate: `user:password` or a token, told apart as the provider does."""
    user, colon, password = identity.auth.get_secret_value().partition(":")
    return httpx.BasicAuth(user, password) if colon else _Bearer(user)
