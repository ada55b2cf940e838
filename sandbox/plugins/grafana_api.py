"""Not a stand-in itself: the client of Grafana's HTTP API that the stand-in plugin works through."""

from __future__ import annotations

import os
from typing import Any

from sandbox.plugins.base import ProviderError
from sandbox.plugins.values import Properties, Unknown

_TIMEOUT = 30.0  # seconds


class Api:
    """Grafana's HTTP API at the provider's url, with its auth (`user:password` or a token), or that of GRAFANA_AUTH.

    Without another one a user is in organisation 1, and a token in its own.
    """

    def __init__(self, config: Properties) -> None:
        url = config.get("url")
        self._url = url.rstrip("/") if isinstance(url, str) else ""
        self._auth = config.get("auth") or os.environ.get("GRAFANA_AUTH")
        self._client: Any = None

    def call(
        self, method: str, path: str, body: Properties | None = None, *, org: str = "", missing_ok: bool = False
    ) -> Any:
        """The answer's JSON; None for a 404 when that may be. Raises ProviderError in one line without the auth."""
        import httpx

        where = f"{method} {self._url}{path}"
        if not self._url or isinstance(self._auth, Unknown):
            raise ProviderError("the grafana provider needs a known url and auth")
        try:
            answer = self._connect().request(method, path, json=body, headers=_in(org))
        except httpx.HTTPError as error:
            raise ProviderError(f"{where}: Grafana is not reachable: {error}") from error
        if answer.status_code == httpx.codes.NOT_FOUND and missing_ok:
            return None
        if answer.is_success:
            return answer.json()
        try:
            reason = answer.json()["message"]
        except (ValueError, KeyError, TypeError):
            reason = answer.text.strip()[:200]
        raise ProviderError(f"{where}: status {answer.status_code} {answer.reason_phrase}: {reason}")

    def _connect(self) -> Any:
        if self._client is None:
            import httpx

            user, colon, password = str(self._auth or "").partition(":")
            basic = httpx.BasicAuth(user, password) if colon else None
            own = _in("1") if colon else {"Authorization": f"Bearer {user}"} if user else {}
            self._client = httpx.Client(base_url=self._url, auth=basic, headers=own, timeout=_TIMEOUT, trust_env=False)
        return self._client


def _in(org: str) -> dict[str, str]:
    return {"X-Grafana-Org-Id": org} if org else {}
