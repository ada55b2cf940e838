"""Mimir's ruler, through its HTTP API (`/prometheus/config/v1/rules`).

All rules of a stack are in one namespace of it, which nobody else should write to.
"""

from typing import Any

import httpx
import yaml

from telemetry.clients.reach import is_page
from telemetry.spec.ruler import Group, RulerError

NAMESPACE = "telemetry"
_RULES = f"/config/v1/rules/{NAMESPACE}"
_ABSENT = 404
_CHECK = "check the address (…/prometheus), the tenant, its token, and that the ruler runs"


class Ruler:
    """The rules of one tenant.

    Args:
        client: reaches the Prometheus API of Mimir (`…/prometheus`) with the headers that say who asks.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def groups(self) -> dict[str, Group]:
        """Return the groups that the ruler has, by name. Raises RulerError."""
        answer = self._ask("GET", _RULES, may_be_absent=True)
        if answer.status_code == _ABSENT:
            return {}
        try:
            return {group["name"]: group for group in (yaml.safe_load(answer.text) or {}).get(NAMESPACE, [])}
        except (yaml.YAMLError, AttributeError, TypeError, KeyError) as error:
            raise RulerError(
                f"{self._client.base_url} does not answer like Mimir's ruler; is it …/prometheus?"
            ) from error

    def put(self, group: Group) -> None:
        """Add a group, or change the one of its name. Raises RulerError."""
        self._ask("POST", _RULES, content=yaml.safe_dump(group), headers={"Content-Type": "application/yaml"})

    def remove(self, name: str) -> None:
        """Remove a group. Raises RulerError."""
        self._ask("DELETE", f"{_RULES}/{name}", may_be_absent=True)

    def _ask(self, method: str, path: str, *, may_be_absent: bool = False, **options: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise RulerError(f"{self._client.base_url} cannot be reached ({error}); check --load") from error
        if is_page(answer):
            raise RulerError(f"{method} {answer.url} was answered with a web page ({answer.status_code}); {_CHECK}")
        if answer.is_success or (may_be_absent and answer.status_code == _ABSENT):
            return answer
        raise RulerError(
            f"{method} {answer.url} was answered with {answer.status_code}: {answer.text.strip()[:300] or 'nothing'}; "
            f"{_CHECK}"
        )
