"""What exists in Grafana: folders and dashboards, each in its organisation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from telemetry.clients.grafana import connect
from telemetry.config.credentials import GrafanaIdentity
from telemetry.config.trust import Trust
from telemetry.engine.plan import DASHBOARD_TYPE, Planned
from telemetry.operations.adopt.datasources import shown
from telemetry.operations.adopt.state import Here
from telemetry.operations.adopt.systems import Foreign, Found, needed_id

_FOLDER_TYPE = "grafana:oss/folder:Folder"
_REMEDY = "delete it in Grafana, then up makes it; or adopt from the commit that was deployed last"


@dataclass(frozen=True)
class Dashboards:
    """The folders and dashboards of one Grafana."""

    client: httpx.Client

    @classmethod
    def of(cls, url: str, identity: GrafanaIdentity, trusted: Trust) -> Self:
        """Return them as the program's provider sees them."""
        return cls(connect(url, identity, trusted))

    def look_up(self, planned: Planned) -> Found:
        """Return what there is in place of a folder or a dashboard; one is ours by its title, and by where it is."""
        if planned.type == _FOLDER_TYPE:
            return self._folder(planned)
        if planned.type == DASHBOARD_TYPE:
            return self._dashboard(planned)
        return Foreign("this command knows no such kind", "see to it by hand: pulumi import")

    def _folder(self, planned: Planned) -> Found:
        wanted, uid = planned.inputs, needed_id(planned).rpartition(":")[2]
        live = shown(self.client, f"/api/folders/{uid}", uid, wanted.get("orgId"))
        if live is None:
            return None
        return _another(live, wanted) or Here(f"{live.get('orgId') or wanted.get('orgId') or 1}:{uid}")

    def _dashboard(self, planned: Planned) -> Found:
        wanted, uid = planned.inputs, needed_id(planned)
        live = shown(self.client, f"/api/dashboards/uid/{uid}", uid, wanted.get("orgId"))
        if live is None:
            return None
        folder, its = str(wanted.get("folder", "")).rpartition(":")[2], live["meta"].get("folderUid") or ""
        if its != folder:
            return Foreign(f"it is in the folder {its!r}, not in {folder!r}", _REMEDY)
        another = _another(live["dashboard"], json.loads(wanted["configJson"]))
        return another or Here(f"{wanted.get('orgId') or 1}:{uid}")


def _another(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> Foreign | None:
    if live.get("title") == wanted["title"]:
        return None
    return Foreign(f"its title is {live.get('title')!r}, not {wanted['title']!r}", _REMEDY)
