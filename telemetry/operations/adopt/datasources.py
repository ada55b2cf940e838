"""What exists in Grafana: datasources, each in its organisation."""

from dataclasses import dataclass
from typing import Any, Self

import httpx

from telemetry.clients import trust
from telemetry.clients.grafana import connect, in_org
from telemetry.config.credentials import GrafanaIdentity
from telemetry.config.trust import Trust
from telemetry.engine.plan import Planned
from telemetry.operations.adopt.errors import AdoptError
from telemetry.operations.adopt.state import Here
from telemetry.operations.adopt.systems import Foreign, Found

_OURS = ("name", "type", "url")
"""What tells our datasource from another with its uid."""


@dataclass(frozen=True)
class Datasources:
    """The datasources of one Grafana."""

    client: httpx.Client

    @classmethod
    def of(cls, url: str, identity: GrafanaIdentity, trusted: Trust) -> Self:
        """Return the datasources as the program's provider sees them."""
        return cls(connect(url, identity, trusted))

    def look_up(self, planned: Planned) -> Found:
        """Return what there is in place of a datasource."""
        inputs = planned.inputs
        live = shown(self.client, f"/api/datasources/uid/{inputs['uid']}", inputs["uid"], inputs.get("orgId"))
        if live is None:
            return None
        for key in _OURS:
            if live.get(key) != inputs.get(key):
                return Foreign(
                    f"its {key} is {live.get(key)!r}, not {inputs.get(key)!r}",
                    "delete it in Grafana, then up makes it; or adopt from the commit that was deployed last",
                )
        return Here(f"{live.get('orgId') or inputs.get('orgId') or 1}:{inputs['uid']}")


def shown(client: httpx.Client, path: str, name: str, org: str | None) -> dict[str, Any] | None:
    """Return what Grafana has at a path, as an organisation sees it; None if it has nothing.

    Raises:
        AdoptError: it does not say.
    """
    try:
        answer = client.get(path, headers=in_org(org))
    except httpx.HTTPError as error:
        raise AdoptError(f"Grafana does not answer ({trust.distrusted(error) or type(error).__name__})") from error
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):  # Grafana's refusals are JSON too
        raise AdoptError(f"Grafana does not show {name}: what answers {answer.status_code} at {answer.url} is not it")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    if not answer.is_success:
        raise AdoptError(f"Grafana does not show {name}: {answer.status_code}")
    return found
